#!/usr/bin/env python3
"""An exporter gets every entry of the store, in order and at least once, whoever dies meanwhile.

The other program is away, slow, says no; the exporter's process is killed with a batch in its hands;
the gateway is killed. No sale waits for any of it, and nothing is missing at the end.
"""
import http.server
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

from shop import Shop, wait_for


class Erp(http.server.ThreadingHTTPServer):
    """The program that wants the records. `hold` keeps a request unanswered, `status` is what it says."""

    def __init__(self, port=0):
        self.batches, self.status, self.asked = [], 200, 0
        self.go = threading.Event()
        self.go.set()
        erp = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                erp.asked += 1
                erp.go.wait(60)
                try:
                    self.send_response(erp.status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    return  # whoever asked is dead: it will ask again
                if erp.status == 200:
                    erp.batches.append(body)

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def records(self):
        """By sequence; the same one twice is the same."""
        known = {}
        for batch in self.batches:
            for n, record in enumerate(batch["records"], batch["first"]):
                assert record["sequence"] == n and known.setdefault(n, record) == record, record
        return known


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        erp = Erp()
        make = shop.config

        def config():
            make()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                f.write('[[device]]\nid = "erp"\nplugin = "http_exporter"\nport = "none"\n[device.settings]\n'
                        f'url = "http://127.0.0.1:{erp.server_address[1]}/records"\n')
        shop.config = config
        device = lambda: next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == "erp")
        journal = lambda: shop.api("GET", "/v1/health")[1]["outbound"]
        metric = lambda name: next((int(line.split()[-1]) for line in shop.api("GET", "/metrics")[1].splitlines()
                                    if line.startswith(f'tillbridge_export_{name}{{device="erp"}}')), 0)
        sold = []

        def sell(what):
            started = time.monotonic()
            sale = shop.basket(["4601234567893"])
            assert shop.pay(sale)[1]["state"] == "committed", what
            assert time.monotonic() - started < 10, f"{what}: the sale waited"
            sold.append(sale)

        def complete(what):
            wait_for(f"all exported after {what}", lambda: set(erp.records()) == set(range(1, journal() + 1)), 90)
            sales = [r["sale"] for _, r in sorted(erp.records().items()) if r["kind"] == "sale"]
            assert sales == sold, f"{what}: {sales} are not {sold}"
            print(f"{what}: {len(sold)} sales, {journal()} entries, {len(erp.batches)} batches taken")

        try:
            shop.start_all()
            sell("all is well")
            sell("all is well")
            complete("all is well")
            record = next(r for r in erp.records().values() if r["kind"] == "sale")
            document = shop.api("GET", f"/v1/sales/{sold[0]}")[1]["document"]
            assert record["document"]["number"] == document["number"], (record, document)
            assert sum(line["total"] for line in record["lines"]) == record["total"], record

            # Its process dies with a batch in its hands.
            erp.go.clear()
            asked = erp.asked
            sell("slow")
            wait_for("a batch under way", lambda: erp.asked > asked)
            pid = device()["pid"]
            os.kill(pid, signal.SIGKILL)
            sell("the exporter's process is dead")
            erp.go.set()
            complete("its process killed")
            assert device()["pid"] != pid and metric("failures_total") > 0

            # The other program says no, then is away.
            erp.status = 500
            failures = metric("failures_total")
            sell("it says no")
            wait_for("refused", lambda: metric("failures_total") > failures)
            assert metric("behind") > 0 and "exporter erp:" in shop.processes["gateway"].said()
            erp.status = 200
            complete("refused")
            port, known = erp.server_address[1], erp.batches
            erp.shutdown()
            erp.server_close()
            failures = metric("failures_total")
            sell("it is away")
            wait_for("away", lambda: metric("failures_total") > failures)

            # And the gateway is killed: it knows how far it was.
            shop.kill_gateway()
            erp = Erp(port)
            erp.batches = known
            taken = len(known)
            shop.start_gateway()
            shop.wait_register()
            sell("after a restart")
            complete("the gateway killed")
            assert erp.batches[taken]["first"] > 1, "it began anew"
        finally:
            shop.stop_all()
            erp.shutdown()


if __name__ == "__main__":
    main()
