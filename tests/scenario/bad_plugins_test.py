#!/usr/bin/env python3
"""Everything a bad plugin can do at one till, one after the other, while that till and a second register go on selling.

Each is named in the log, contained in its child and counted; the daemon and its other devices notice
nothing. Then quarantine: kept over a restart of the daemon, left by a senior's word.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from other_registers_test import atol_web
from shop import Shop, wait_for

# What it does -> what the log says; the child lives on.
SURVIVED = {"throw": "input dropped: thrown by a driver", "stdout": "driver prints: words on stdout",
            "bad event": "breaks a rule: event", "flood": "too many events", "log flood": "says too much",
            "eat": "input dropped: std::bad_alloc"}
# The same; the child ends and a new one comes.
DEADLY = {"exit": "exit code 0", "fork": "SIGSYS, a forbidden system call", "bad frame": "wrong magic",
          "complete twice": "a frame out of turn"}
# Of what it survived.
COUNTED = ("plugin_misbehaviour_total", "plugin_events_dropped_total", "plugin_log_lines_dropped_total", "plugin_printed_lines_total")
LAST = {"eat like C": "memory, all "}  # the fifth death
# Libraries that never come so far as to be a device: folder -> what the log says.
BROKEN = {"no_library": "is no library: it does not begin as an ELF file does", "no_symbol": "tillbridge_entry is not exported",
          "wrong_abi": "till_entry is smaller than version 1", "null_member": "perform is NULL",
          "lying": "the manifest says"}


def device(shop, name):
    return next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == name)


def broken_folders(root, built):
    """A plugin folder of links to ours, and of the broken ones."""
    for ours in (built / "lib").iterdir():
        (root / ours.name).symlink_to(ours)
    base = json.loads((built / "lib" / "bad_scanner" / "manifest.json").read_text())
    sample = {**base, "id": "org.tillbridge.test.sample", "name": "The kit's sample", "version": "1.0.0",
              "config_schema": {"type": "object", "properties": {"password": {"type": "string", "default": ""}}}}
    kit = built / "samples"
    libraries = {"no_library": None, "no_symbol": next(pathlib.Path("/usr/lib").rglob("libboost_json.so*")),
                 "wrong_abi": kit / "load.entry.so", "null_member": kit / "life.tables.so", "lying": kit / "load.descriptor.so"}
    for name, library in libraries.items():
        (root / name).mkdir()
        (root / name / "manifest.json").write_text(json.dumps({**sample, "library": "it.so"}))
        if library:
            shutil.copy(library.resolve(), root / name / "it.so")
        else:
            (root / name / "it.so").write_bytes(b"these are words\n" * 100)


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(pathlib.Path(folder) / "shop", sys.argv[1] if len(sys.argv) > 1 else "dev")
        plugins = pathlib.Path(folder) / "plugins"
        plugins.mkdir()
        broken_folders(plugins, shop.bin.parent)
        shop.plugins = plugins
        shop.store = f"unsigned_plugins = {json.dumps(list(BROKEN))}"
        make = shop.config

        def config():
            make()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                f.write('[[device]]\nid = "bad"\nplugin = "bad_scanner"\nport = "pty:dev/scanner"\ntill = "1"\n')
                if not with_broken:
                    return  # start_all waits for every device
                f.writelines(f'[[device]]\nid = "{name}"\nplugin = "{name}"\nport = "tcp:127.0.0.1:9"\n' for name in BROKEN)
        shop.config = config
        with_broken = False
        said = lambda: shop.processes["gateway"].said()
        sold = 0

        def sell(what):
            """Both tills sell, each on its register, and the answer comes in time."""
            nonlocal sold
            for token in (shop.token, shop.token_2):
                started = time.monotonic()
                assert shop.pay(shop.basket(["4601234567893"], token=token), token=token)[1]["state"] == "committed", what
                assert time.monotonic() - started < 10, f"{what}: the sale was slow"
                sold += 1

        def misdeed(order, happened):
            """Both registers sell before, while and after it happens: not one sale waits for it."""
            stop, wrong = threading.Event(), []

            def go_on():
                while not stop.is_set():
                    try:
                        sell(order)
                    except Exception as e:  # told below, in the test's own thread
                        return wrong.append(e)

            selling = threading.Thread(target=go_on)
            selling.start()
            try:
                shop.sim("scan", data=order, aim="")
                happened()
            finally:
                stop.set()
                selling.join()
            assert not wrong, wrong[0]

        def counted(metric):
            return sum(float(line.rsplit(" ", 1)[1]) for line in shop.api("GET", "/metrics")[1].splitlines()
                       if line.startswith(f'tillbridge_{metric}{{device="bad"'))

        try:
            shop.without = {"scanner"}
            shop.second_register = atol_web
            shop.start_all()
            shop.processes["gateway"].stop()
            with_broken = True
            config()
            shop.start_gateway()
            daemon = shop.processes["gateway"].p.pid
            for name, words in BROKEN.items():
                wait_for(f"{name} set aside", lambda n=name: device(shop, n)["state"] == "quarantined", 20)
                assert words in said(), f"{name}: the log does not say {words!r}"
            sell("broken libraries")
            print(f"{len(BROKEN)} libraries that are no plugins: named, set aside")

            pid = device(shop, "bad")["pid"]
            for order, words in SURVIVED.items():
                misdeed(order, lambda w=words, o=order: wait_for(f"{o} named", lambda: w in said()))
                assert device(shop, "bad")["pid"] == pid, f"{order}: the child ended"
                time.sleep(1.1)  # the log's rate is by the second
            for metric in COUNTED:
                assert counted(metric) > 0, f"{metric} is not counted"
            for order, words in DEADLY.items():
                before = counted("plugin_deaths_total")
                misdeed(order, lambda w=words, o=order: wait_for(f"{o} named", lambda: w in said()))
                assert counted("plugin_deaths_total") == before + 1, f"{order} is not counted"
                pid = wait_for(f"back after {order}", lambda p=pid: (lambda d: d["online"] and d["pid"] != p and d["pid"])(
                    device(shop, "bad")), 40)
            for order, words in LAST.items():
                shop.sim("scan", data=order, aim="")
                wait_for(f"{order} named", lambda w=words: w in said())
            wait_for("set aside", lambda: device(shop, "bad")["state"] == "quarantined")
            sell("quarantine")
            print(f"{len(SURVIVED)} misdeeds survived, {len(DEADLY) + len(LAST)} deaths, then set aside; {sold} sales meanwhile")
            assert shop.processes["gateway"].p.pid == daemon and shop.processes["gateway"].alive()

            shop.processes["gateway"].stop()
            shop.start_gateway()
            assert device(shop, "bad")["state"] == "quarantined", "the restart forgot it"
            status, body = shop.api("POST", "/v1/devices/bad/release", {})
            assert status == 403, (status, body)
            (shop.folder / "senior").write_text(shop.senior_token)
            done = subprocess.run([shop.bin / "tillbridge", "devices", "--url", f"http://127.0.0.1:{shop.port}",
                                   "--token-file", shop.folder / "senior", "--release", "bad"], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            wait_for("released", lambda: device(shop, "bad")["online"], 20)
            print("kept over a restart; a senior let it go, and it works")
            sell("release")
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
