#!/usr/bin/env python3
"""./run bench spine | fiscal | plugins | loyalty: every speed and memory aim in one run, as a table and as JSON.

build/bench/NAME.json is a list of {name, value, unit, aim, met, note}; ratios come first.
"""
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
import loyalty_speed  # noqa: E402
from shop import GOLD_CARD, Process, Shop, free_port, wait_for  # noqa: E402



def use(preset):
    """Whose programs are measured."""
    global PRESET, PROGRAMS, BENCH
    PRESET = preset
    PROGRAMS = ROOT / "build" / preset / "bin"
    BENCH = PROGRAMS / "spine_bench"
    loyalty_speed.BENCH = PROGRAMS / "loyalty_bench"


use("release")


def figures(*args, timeout=180):
    done = subprocess.run([str(BENCH), *map(str, args)], capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise RuntimeError(f"{args}: {done.stderr}")
    return json.loads(done.stdout)


class Table:
    def __init__(self, name):
        self.name, self.rows = name, []

    def add(self, name, value, unit, aim, met, note=""):
        self.rows.append({"name": name, "value": round(value, 4), "unit": unit, "aim": aim, "met": bool(met), "note": note})

    def finish(self):
        self.rows.sort(key=lambda r: r["unit"] != "ratio")
        for r in self.rows:
            print(f"{'ok  ' if r['met'] else 'MISS'} {r['name']:44} {r['value']:>10} {r['unit']:6} aim {r['aim']:12} {r['note']}")
        out = ROOT / "build" / "bench"
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{self.name}.json").write_text(json.dumps(self.rows, indent=1, ensure_ascii=False))


def memory(pid):
    """(PSS, private) of a process in MB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kb = lambda name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))
    return kb("Pss") / 1024, (kb("Private_Clean") + kb("Private_Dirty")) / 1024


def scan_latency(shop, table, scans=4000):
    """The gateway's scanner is a TCP line to the bench, which listens as a till too."""
    port = free_port()
    config = (shop.folder / "store.toml").read_text().replace("pty:dev/scanner", f"tcp:127.0.0.1:{port}")
    (shop.folder / "scan.toml").write_text(config)
    shop.processes["gateway"].stop()
    bench = subprocess.Popen([str(BENCH), "scan", str(shop.port), shop.token, str(port), str(scans)],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    shop.start("gateway", shop.bin / "tillbridge", "run", "--config", shop.folder / "scan.toml")
    out, _ = bench.communicate(timeout=180)
    f = json.loads(out)
    table.add("scan byte in to WebSocket event, p50", f["p50"], "us", "< 250", f["p50"] < 250, "over TCP, driver in its own process")
    table.add("scan byte in to WebSocket event, p99", f["p99"], "us", "< 1000", f["p99"] < 1000, f"{f['n']} scans")
    shop.processes["gateway"].stop()
    shop.start_gateway()


def fsyncs(shop, table, points):
    """fsyncs of sales with and without points, counted by strace; idle checkpoints are apart (they
    sync the database file, sales only the log)."""
    shop.processes["gateway"].stop()
    trace = shop.folder / "logs" / "fsync.txt"
    log = shop.folder / "logs" / "traced.log"
    process = Process("gateway", ["strace", "-f", "-qq", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync",
                                  str(shop.bin / "tillbridge"), "run", "--config", str(shop.folder / "store.toml")], log)
    shop.processes["gateway"] = process
    process.wait_ready()
    wait_for("online", lambda: shop.api("GET", "/v1/health")[1]["register_online"] and shop.api("GET", "/v1/health")[1]["central_online"])
    log_syncs = lambda: len(re.findall(r"journal\.db-wal>", trace.read_text()))
    counts = []
    for _ in range(5):
        sale = shop.basket(["4601234567893"], card=GOLD_CARD, points="5" if points else None)
        before = log_syncs()
        assert shop.pay(sale)[1]["state"] == "committed"
        counts.append(log_syncs() - before)
    children = pathlib.Path(f"/proc/{process.p.pid}/task/{process.p.pid}/children").read_text().split()
    for pid in children:
        subprocess.run(["kill", pid], check=True)
    process.stop()
    shop.start_gateway()
    worst = max(counts)
    table.add(f"fsyncs a sale, {'with' if points else 'without'} points", worst, "count", "<= 3", worst <= 3, f"counts {counts}")


def memories(shop, table):
    wait_for("devices", lambda: all(d["online"] for d in shop.api("GET", "/v1/devices")[1]["devices"]))
    for _ in range(20):
        shop.pay(shop.basket(["4601234567893", "4607000000014"]))
    pss, private = memory(shop.processes["gateway"].p.pid)
    table.add("memory of the daemon, PSS", pss, "MB", "<= 16", pss <= 16, f"private {private:.1f} MB")
    for d in shop.api("GET", "/v1/devices")[1]["devices"]:
        pss, private = memory(d["pid"])
        table.add(f"memory of driver {d['id']}, private", private, "MB", "<= 5", private <= 5, f"PSS {pss:.1f} MB")
    pss, private = memory(shop.processes["central"].p.pid)
    table.add("memory of central, PSS", pss, "MB", "-", True, f"private {private:.1f} MB")


def cold_start(shop, table):
    times = []
    for _ in range(5):
        shop.processes["gateway"].stop()
        started = time.monotonic()
        shop.start_gateway()
        times.append((time.monotonic() - started) * 1000)
        wait_for("online", lambda: shop.api("GET", "/v1/health")[1]["register_online"])
    table.add("start until ready, worst of 5", max(times), "ms", "<= 300", max(times) <= 300, "polled every 20 ms")


def spine():
    table = Table("spine")
    quote = figures("quote", 20000)
    table.add("quote of a 20-line basket, p50", quote["p50"], "us", "< 50", quote["p50"] < 50, f"p99 {quote['p99']} us")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        j = figures("journal", folder, 20000, 64)
        ratio = j["sales_per_s"] / j["raw_per_s"]
        table.add("durable sales against raw SQLite", ratio, "ratio", ">= 0.5", ratio >= 0.5,
                  f"{j['sales_per_s']}/s of {j['raw_per_s']}/s, {j['bytes_per_sale']} B a sale, groups of {j['group']}")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        shop = Shop(pathlib.Path(folder) / "shop", PRESET)
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "900")
            memories(shop, table)
            cold_start(shop, table)
            fsyncs(shop, table, points=True)
            fsyncs(shop, table, points=False)
            scan_latency(shop, table)
        finally:
            shop.stop_all()
    table.finish()
    return 0


WIRE_BAUD, BITS_A_BYTE = 115200, 10
DEVICE_MS = 5  # a command in a real register; the vendor's own clients see 5 to 30
SHOPS = 5


def twenty_lines(shop, n):
    """Seconds from the payment of 20 lines to its answer."""
    receipt = shop.receipt([f"Кофе молотый 250 г, позиция {i}" for i in range(20)], 39990)
    sale = shop.ok(shop.api("POST", "/v1/documents", {"number": f"bench-{n}", "cashier": "Анна", "receipt": receipt},
                            token=shop.senior_token))
    body = {"quote": sale["quote"]["id"], "payments": [{"tender": "cash", "amount": sale["quote"]["total"]}]}
    started = time.perf_counter()
    paid = shop.ok(shop.api("POST", f"/v1/sales/{sale['id']}/pay", body, token=shop.senior_token))
    assert paid["state"] == "committed", paid
    return time.perf_counter() - started


def paid_in(shop, times=60):
    return statistics.median(twenty_lines(shop, f"{time.monotonic_ns()}-{n}") for n in range(times)) * 1e6


def polled_sales(shop):
    """The slowest of many payments while the register's whole state is asked again and again."""
    stop, asked = threading.Event(), []

    def poll():
        while not stop.is_set():
            asked.append(shop.api("GET", "/v1/register/status")[0])
            time.sleep(0.02)

    thread = threading.Thread(target=poll)
    thread.start()
    busy = paid_in(shop)
    stop.set()
    thread.join()
    return busy, len(asked)


def said_barely(shop):
    """Microseconds of the same dialogue with the register, byte for byte, when nothing but a loop of write and read leads it."""
    where = shop.register_port().rsplit(":", 1)[1]
    line = ["pty", shop.folder / where] if shop.register_over == "pty" else ["tcp", where]
    done = subprocess.run([PROGRAMS / "fiscal_bench", "replay", *line], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout)


def paid_over(kind):
    """Of one shop over that link: a payment of 20 lines in microseconds, the same (with the polls) while it is polled, and
    what the register's side of the dialogue takes alone."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # no disk: fsync is counted apart
        shop = Shop(pathlib.Path(folder) / "shop", PRESET)
        shop.register_over = kind
        try:
            shop.start_all()
            shop.sim("register.config", exec_ms=0, fiscal_exec_ms=0, print_ms=0)
            shop.sim("pictures", on=False)  # nor the drawing of its paper
            twenty_lines(shop, "warm")
            paid, polled = paid_in(shop), polled_sales(shop) if kind == "tcp" else (0, 0)
            shop.processes["gateway"].stop()
            return paid, polled, said_barely(shop)
        finally:
            shop.stop_all()


def fiscal():
    table = Table("fiscal")
    own = json.loads(subprocess.run([PROGRAMS / "fiscal_bench"], capture_output=True, text=True, check=True).stdout)
    for protocol, f in own.items():
        wire_us = f["bytes"] * BITS_A_BYTE / WIRE_BAUD * 1e6
        table.add(f"{protocol}: commands a line of the receipt", f["per_line"], "", "1", f["per_line"] <= 1,
                  f"{f['commands']} commands, {f['bytes']} bytes, {wire_us / 1000:.0f} ms of wire in all")
        per = f["driver_us"] / f["commands"]
        table.add(f"{protocol}: driver's own time a command", per, "us", "< 300", per < 300, "processor only, median of 101")
    f = own["protocol1"]
    commands, sent = f["commands"] + f["prepare_commands"], f["bytes"] + f["prepare_bytes"]
    wire_us = sent * BITS_A_BYTE / WIRE_BAUD * 1e6 + commands * DEVICE_MS * 1000
    for kind in ["pty", "tcp"]:
        # Where the kernel runs the link differs from start to start by a quarter: several shops, each asked for its median.
        shops = [paid_over(kind) for _ in range(SHOPS)]
        us = statistics.median(us for us, _, _ in shops)
        bare = statistics.median(bare for _, _, bare in shops)
        least, most = (at(us - bare for us, _, bare in shops) / wire_us for at in (min, max))
        top = us - bare
        per = top / commands
        over = "serial (a pty)" if kind == "pty" else "TCP"
        table.add(f"20 lines over {over}, gateway on top a command", per, "us", "< 300", per < 300,
                  f"{us / 1000:.1f} ms from the payment to its answer, no wire, no device time, no disk; {bare / 1000:.1f} ms "
                  "the virtual register takes for the same bytes from a bare client")
        table.add(f"the same against wire and device at 115200, {over}", top / wire_us, "ratio", "< 0.02",
                  top / wire_us < 0.02, f"{wire_us / 1000:.0f} ms: {sent} bytes, {commands} commands of {DEVICE_MS} ms; "
                  f"{SHOPS} shops, {least:.4f} to {most:.4f}")
        if kind == "tcp":
            busy = statistics.median(busy for _, (busy, _), _ in shops)
            table.add("a payment while the state is polled all the time", busy / us, "ratio", "< 2", busy / us < 2,
                      f"{sum(polls for _, (_, polls), _ in shops)} polls; the daemon's own wait until nobody has a basket")
    table.finish()
    return 0


def plugins():
    table = Table("plugins")
    lib = PROGRAMS.parent / "lib"
    done = subprocess.run([PROGRAMS / "plugin_bench", PROGRAMS / "tillbridge-plugin-host", lib / "bench_device"],
                          capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr)
    f = json.loads(done.stdout)
    for name, key in (("an operation", "op"), ("an event", "event")):
        for p in ("p50", "p99"):
            us, bare = f[f"{key}_{p}"], f[f"bare_{p}"]
            table.add(f"{name} through the child against the echo, {p}", us / bare, "ratio", "< 1.5", us / bare < 1.5,
                      f"{us} us, a bare socketpair with the same hand-off {bare} us")
    table.add("bytes through a pipe", f["mb_per_s"], "MB/s", "-", True, "credit given back in steps")
    table.add("spawn to ready, p50", f["spawn_p50"], "ms", "-", True, f"p99 {f['spawn_p99']} ms, sandbox included")
    table.add("crash to ready again, p99", f["crash_p99"], "ms", "< 50", f["crash_p99"] < 50, f"p50 {f['crash_p50']} ms, plus the backoff")
    table.add("memory of a child, private", f["private_mb"], "MB", "<= 5", f["most_mb"] <= 5, f"the largest of {f['many']}: {f['most_mb']} MB")
    table.add("children alive at once", f["many"], "count", "100", f["many"] >= 100, f"all ready after {f['many_ms']:.0f} ms")
    started = time.monotonic()
    done = subprocess.run([PROGRAMS / "tillbridge-plugin", "check", lib / "register_shtrih", "--json"],
                          capture_output=True, check=True)
    checks = json.loads(done.stdout)["checks"]
    skipped = sum(c["status"] == "skip" for c in checks)
    kit = (time.monotonic() - started) * 1000
    table.add("the whole kit on a register's driver", kit, "ms", "-", True, f"{len(checks)} checks, {skipped} of them skipped, each in a process of its own")
    table.finish()
    return 0


def loyalty():
    table = Table("loyalty")
    loyalty_speed.measure(table)
    table.finish()
    return 0


def main():
    benches = {"spine": spine, "fiscal": fiscal, "plugins": plugins, "loyalty": loyalty}
    if len(sys.argv) != 2 or sys.argv[1] not in benches:
        print("./run bench " + " | ".join(benches), file=sys.stderr)
        return 2
    return benches[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
