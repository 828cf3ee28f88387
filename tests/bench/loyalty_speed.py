"""./run bench loyalty: evaluation against rules engines of npm and a plain loop, on the same offers."""
import json
import pathlib
import random
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / "loyalty"
WORK = ROOT / "build" / "bench" / "loyalty"
BENCH = ROOT / "build" / "release" / "bin" / "loyalty_bench"


def write_offers(folder, lines, offers, hostile=False, baskets=64):
    """Offers on goods and categories, about three that match a line (hostile: all of them)."""
    rnd = random.Random(f"{lines} {offers} {hostile}")
    folder.mkdir(parents=True, exist_ok=True)
    on_goods = offers * 4 // 5
    goods, categories = max(1, on_goods // 2), max(1, offers - on_goods)
    rules = []
    for i in range(offers):
        rule = {"id": f"r{i}", "give": {"percent": f"{rnd.randint(1, 20)}"}, "priority": rnd.randint(0, 9)}
        if not hostile:
            rule["select"] = ({"skus": [f"sku{i % goods}"]} if i < on_goods else
                              {"categories": [f"cat{i - on_goods}"], "price": {"min": "1.00"}})
        rules.append(rule)
    rules.sort(key=lambda r: -r["priority"])
    (folder / "program.json").write_text(json.dumps({"schema": 2, "id": "bench", "version": 1, "rules": rules}))
    with open(folder / "baskets.jsonl", "w") as out:
        for _ in range(baskets):
            out.write(json.dumps({"lines": [
                {"id": str(k), "sku": f"sku{rnd.randrange(goods)}", "category": f"cat{rnd.randrange(categories)}",
                 "price": f"{rnd.randint(100, 99999) / 100:.2f}", "quantity": str(rnd.randint(1, 5))}
                for k in range(lines)]}) + "\n")
    return folder


def ours(folder, rounds):
    done = subprocess.run([BENCH, folder / "program.json", folder / "baskets.jsonl", str(rounds)],
                          capture_output=True, text=True, timeout=180, check=True)
    figures = json.loads(done.stdout)
    if figures["first_total"] != figures["loop_first_total"]:
        raise RuntimeError("the plain loop comes to another total")
    return figures


def engines(folder):
    for name in ["package.json", "package-lock.json", "engines.mjs"]:
        shutil.copy(HERE / name, WORK / name)
    if not (WORK / "node_modules" / "@gorules").exists():
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WORK, check=True,
                       capture_output=True)
    done = subprocess.run(["node", "engines.mjs", folder], cwd=WORK, capture_output=True, text=True, timeout=180, check=True)
    return json.loads(done.stdout)


def measure(table):
    WORK.mkdir(parents=True, exist_ok=True)
    small, large = write_offers(WORK / "small", 20, 50), write_offers(WORK / "large", 200, 10_000)
    s, big = ours(small, 4000), ours(large, 300)
    hits = f"{s['matches_per_line']:.1f} offers match a line"
    table.add("20 lines x 50 offers, a whole basket", s["full_p50"], "us", "< 15", s["full_p50"] < 15, hits)
    table.add("the same, one line changed", s["change_p50"], "us", "< 15", s["change_p50"] < 15)
    hits = f"{big['matches_per_line']:.1f} offers match a line; loading takes {big['load_ms']:.0f} ms"
    table.add("200 lines x 10 000 offers, a whole basket, p99", big["full_p99"], "us", "< 1000", big["full_p99"] < 1000, hits)
    table.add("the same, one line changed, p99", big["change_p99"], "us", "< 100", big["change_p99"] < 100,
              f"{big['allocations']} allocations")
    table.add("allocations of a change, warm", big["allocations"], "count", "0", big["allocations"] == 0)
    loop = big["loop_p50"] / big["full_p50"]
    table.add("against a plain C++ loop over the rules, 200 x 10 000", loop, "ratio", "> 10", loop > 10,
              f"{big['loop_p50'] / 1000:.1f} ms; 20 x 50: {s['loop_p50']:.1f} us")
    few, more = (ours(write_offers(WORK / f"offers{n}", 200, n), 200) for n in (2_500, 10_000))
    growth = more["full_p50"] / few["full_p50"]
    table.add("four times the offers, as many of them matching", growth, "ratio", "< 2", growth < 2,
              f"{few['full_p50']:.0f} and {more['full_p50']:.0f} us: caches, not work")
    half, whole = (ours(write_offers(WORK / f"all{n}", 200, n, hostile=True), 40) for n in (500, 1000))
    growth = whole["full_p50"] / half["full_p50"]
    table.add("every offer matches every line, twice the offers", growth, "ratio", "< 2.6", growth < 2.6,
              f"{half['full_p50'] / 1000:.1f} and {whole['full_p50'] / 1000:.1f} ms")
    e = engines(small)
    fastest = min(e["zen"]["ms"], e["json_rules"]["ms"]) * 1000
    said = f"zen-engine {e['zen']['ms']:.2f} ms, json-rules-engine {e['json_rules']['ms']:.2f} ms, a bare JavaScript loop {e['loop']['ms'] * 1000:.0f} us"
    table.add("against the fastest engine, a whole basket, 20 x 50", fastest / s["full_p50"], "ratio", "> 300",
              fastest / s["full_p50"] > 300, said)
    table.add("against the fastest engine, one line changed", fastest / s["change_p50"], "ratio", "> 300",
              fastest / s["change_p50"] > 300, "an engine has no other way than the whole basket again")
