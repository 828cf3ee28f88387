#!/usr/bin/env python3
"""Every benchmark still runs: a few rounds of each on the build's own programs, no figure judged."""
import json
import pathlib
import subprocess
import sys
import tempfile

import bench
import loyalty_speed
from shop import Shop


def run(program, *args):
    done = subprocess.run([bench.PROGRAMS / program, *map(str, args)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{program}: {done.stderr}"
    return json.loads(done.stdout)


def main():
    bench.use(sys.argv[1] if len(sys.argv) > 1 else "dev")
    assert run("spine_bench", "quote", 20)["n"] == 20
    with tempfile.TemporaryDirectory() as folder:
        assert run("spine_bench", "journal", folder, 64, 8)["sales_per_s"] > 0
    with tempfile.TemporaryDirectory() as folder:
        shop, table = Shop(pathlib.Path(folder) / "shop", bench.PRESET), bench.Table("spine")
        try:
            shop.start_all()
            bench.scan_latency(shop, table, scans=20)
        finally:
            shop.stop_all()
        assert len(table.rows) == 2
    assert run("fiscal_bench")["protocol1"]["per_line"] == 1
    run("plugin_bench", bench.PROGRAMS / "tillbridge-plugin-host", bench.PROGRAMS.parent / "lib" / "bench_device")
    with tempfile.TemporaryDirectory() as folder:
        few = loyalty_speed.ours(loyalty_speed.write_offers(pathlib.Path(folder) / "few", 20, 50), 20)
        assert few["matches_per_line"] > 0
    print("every benchmark runs")


if __name__ == "__main__":
    main()
