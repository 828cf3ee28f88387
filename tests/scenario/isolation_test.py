#!/usr/bin/env python3
"""A driver can not hurt the daemon: no plugin code is mapped into it while a sale runs, and it
lives on when a child is stopped, killed, crashes or spins; the device comes back by itself.
"""
import os
import re
import pathlib
import signal
import sys
import tempfile
import threading
import time

import audit
from shop import Shop, wait_for


def device(shop, name):
    return next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == name)


def back(shop, name, old_pid, what):
    """The device has a new, living child and is online; the daemon answered all the time."""
    def check():
        started = time.monotonic()
        d = device(shop, name)
        assert time.monotonic() - started < 0.5, f"{what}: the daemon was slow to answer"
        return d if d["online"] and d["pid"] not in (old_pid, -1) else None
    d = wait_for(f"{name} back after {what}", check, 40)
    print(f"{what:22} new child {d['pid']}, restarts {d['restarts']}")
    return d["pid"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        make = shop.config

        def config():
            make()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                f.write('[[device]]\nid = "bad"\nplugin = "bad_scanner"\nport = "pty:dev/scanner"\n')
        shop.config = config
        try:
            shop.without = {"scanner"}
            shop.start_all()
            daemon = shop.processes["gateway"].p.pid

            # A sale is under way: the register works while the map is read.
            shop.sim("register.config", fiscal_exec_ms=700)
            sale = shop.basket(["4601234567893"])
            quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]
            body = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": quote["total"]}]}
            paying = threading.Thread(target=lambda: shop.api("POST", f"/v1/sales/{sale}/pay", body))
            paying.start()
            wait_for("the register working", lambda: shop.state(sale) == "fiscalising")
            maps = pathlib.Path(f"/proc/{daemon}/maps").read_text()
            plugins = [p.stem for p in shop.plugins.glob("*/*.so")]
            mapped = [p for p in plugins if f"{p}.so" in maps]
            assert plugins and not mapped, f"plugin code in the daemon: {mapped}"
            child = pathlib.Path(f"/proc/{device(shop, 'register')['pid']}/maps").read_text()
            assert "register_shtrih.so" in child, "the child does not hold its plugin?"
            paying.join()
            assert shop.state(sale) == "committed"
            print(f"while a sale ran the daemon mapped none of {len(plugins)} plugins")

            pid = device(shop, "bad")["pid"]
            os.kill(pid, signal.SIGKILL)
            pid = back(shop, "bad", pid, "SIGKILL")
            os.kill(pid, signal.SIGSTOP)
            pid = back(shop, "bad", pid, "SIGSTOP")
            shop.sim("scan", data="spin", aim="")
            pid = back(shop, "bad", pid, "endless loop")
            shop.sim("scan", data="crash", aim="")
            pid = back(shop, "bad", pid, "SIGSEGV")

            # The register's own child dies in the middle of a receipt: a doubt, resolved.
            sale = shop.basket(["4607000000021"])
            quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]
            body = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": quote["total"]}]}
            paying = threading.Thread(target=lambda: shop.api("POST", f"/v1/sales/{sale}/pay", body))
            paying.start()
            wait_for("the register working", lambda: shop.sim("register.state")["mode"] % 16 == 8)
            os.kill(device(shop, "register")["pid"], signal.SIGKILL)
            paying.join()
            counted = shop.api("GET", "/metrics")[1]
            assert re.search(r'^tillbridge_in_doubt_total\{device="register"\} [1-9]', counted, re.M), "it was no doubt"
            wait_for("resolved", lambda: shop.state(sale) in ("committed", "quoted"), 60)
            documents = [d for d in shop.documents() if d["type"] == 3]
            committed = 1 + (shop.state(sale) == "committed")
            assert len(documents) == committed, f"{len(documents)} documents, {committed} sales"
            print(f"register's child killed in a receipt: {shop.state(sale)}, {len(documents)} documents")
            assert shop.processes["gateway"].alive() and shop.processes["gateway"].p.pid == daemon
            wait_for("delivered", shop.settled, 60)
            print("the daemon lived through all of it")
        finally:
            shop.stop_all()
        wrong = audit.audit(shop.folder)
        assert not wrong, wrong


if __name__ == "__main__":
    main()
