#!/usr/bin/env python3
"""./run test loyalty-order: gcc, clang and gcc -O0 make the same bytes of 10 000 baskets."""
import hashlib
import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "order"
PRESETS = {"dev": "gcc -O0", "release": "gcc -O2", "clang": "clang -O2"}


def program():
    """All the examples' rules that can stand together, in one program."""
    rules, purses, plugins = [], {}, {}
    for file in sorted((ROOT / "docs/users/programs").glob("*.json")):
        p = json.loads(file.read_text())["program"]
        if {"tiers", "groups", "coupons", "experiments", "card_types"} & set(p) or p.get("paused"):
            continue
        for purse in p.get("purses", []):
            purses[purse["id"]] = purse
        plugins |= {plugin["id"]: plugin for plugin in p.get("plugins", [])}
        rules += [rule | {"id": f"{file.stem}-{rule['id']}"} for rule in p["rules"]]
    return {"schema": 2, "id": "order", "version": 1, "redeem": {"max_share": "30"}, "purses": list(purses.values()),
            "plugins": list(plugins.values()), "rules": rules}


def baskets(count):
    rnd = random.Random(20260101)
    goods = ["tea", "coffee", "yogurt", "soup", "bread", "juice", "kettle", "shampoo", "plate", "boots", "wine"]
    for _ in range(count):
        lines = [{"id": str(i), "sku": rnd.choice(goods), "category": rnd.choice(["books", "shoes", "alcohol", ""]),
                  "price": f"{rnd.randint(1, 99999) / 100:.2f}", "quantity": rnd.choice(["1", "2", "3", "7", "0.345", "1.5"]),
                  "min_price": rnd.choice(["0", "0", "5.00"]), "legal": rnd.choice(["none"] * 9 + ["tobacco"]),
                  "tags": rnd.choice([[], ["acme"]])} for i in range(rnd.randint(0, 12))]
        yield {"time": f"2026-11-{rnd.randint(1, 28):02d}T{rnd.randint(0, 23):02d}:15:00+03:00", "redeem": "max",
               "store": rnd.choice(["cafe", "shoes"]),
               "plugins": {"evening": rnd.choice([{"failed": "late"}, {"discounts": {"0": "7.77", "3": "1.01"}}])}, "cashier": "anna", "codes": rnd.choice([[], ["TEN-STICKERS"]]),
               "customer": {"id": f"c{rnd.randint(1, 99)}", "card_type": rnd.choice(["business", "gold"]),
                            "purses": {"points": str(rnd.randint(0, 900)), "stamps": str(rnd.randint(0, 9))},
                            "counters": {"spent": str(rnd.randint(0, 60000)), "purchases": rnd.randint(0, 9)},
                            "dates": {"birthday": "1990-11-15", "last_purchase": "2026-10-10"}}, "lines": lines}


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "program.json").write_text(json.dumps(program(), ensure_ascii=False))
    with open(WORK / "baskets.jsonl", "w") as out:
        for basket in baskets(10_000):
            out.write(json.dumps(basket) + "\n")
    digests = {}
    for preset, what in PRESETS.items():
        if not (ROOT / "build" / preset / "build.ninja").exists():
            subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", f"build/{preset}", "--target", "loyalty_evaluate"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
        done = subprocess.run([ROOT / "build" / preset / "bin" / "loyalty_evaluate", WORK / "program.json",
                               WORK / "baskets.jsonl"], capture_output=True)
        lines = done.stdout.count(b"\n")
        digests[what] = hashlib.blake2b(done.stdout, digest_size=16).hexdigest()
        print(f"{what:10} {lines} results, {len(done.stdout)} bytes, {digests[what]}", flush=True)
        if done.returncode or lines != 10_000:
            print(done.stderr.decode()[-500:])
            return 1
    same = len(set(digests.values())) == 1
    print("the same bytes" if same else "DIFFERENT")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
