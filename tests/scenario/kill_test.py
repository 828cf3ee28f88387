#!/usr/bin/env python3
"""kill -9 at every hard step: strace ends the gateway at its N-th fsync, for every N of a sale.

With --kills N --seed S instead: N seeded sales, each with the gateway killed at a random fsync, or
its register driver at a random moment, or both, while the register's line breaks or not.
After each death the gateway starts again; in the end the audit must find everything one to one.
"""
import argparse
import fcntl
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
import urllib.error

import audit
from shop import GOLD_CARD, Process, Shop, wait_for


def start_under_strace(shop, n):
    """A gateway that dies instead of its n-th fsync."""
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
               "-e", f"inject=fsync,fdatasync:signal=KILL:when={n}",
               str(shop.bin / "tillbridge"), "run", "--config", str(shop.folder / "store.toml")]
    log = shop.folder / "logs" / "strace.log"
    process = Process("gateway", command, log)
    shop.processes["gateway"] = process
    try:
        process.wait_ready()
    except RuntimeError:
        return False  # it died while starting; that is a point in time too
    return True


def end_traced(process):
    """Ends the gateway under strace (its child) and strace, by their ids."""
    children = pathlib.Path(f"/proc/{process.p.pid}/task/{process.p.pid}/children")
    traced = children.read_text().split() if process.alive() and children.exists() else []
    for pid in traced:
        os.kill(int(pid), signal.SIGKILL)
    process.stop()


def sale_until_death(shop):
    """How far a sale with points came before the gateway was gone: the last call that answered."""
    reached = "nothing"
    try:
        wait_for("devices", lambda: shop.api("GET", "/v1/health")[1]["register_online"]
                 and shop.api("GET", "/v1/health")[1]["central_online"])
        reached = "online"
        sale = shop.basket(["4601234567893"], card=GOLD_CARD, points="10")
        reached = "basket"
        status, body = shop.pay(sale)
        reached = f"paid: {status} {body.get('state')}"
        shop.api("GET", "/v1/health")
    except (urllib.error.URLError, ConnectionError, TimeoutError, OSError):
        pass
    return reached


def kill_driver(shop, after_s):
    """The register driver's own process, found among the gateway's children."""
    time.sleep(after_s)
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "tillbridge-plugin-host" in command and f"{shop.bin}" in command and "register_shtrih" in command:
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if ours(shop, int(parent)):
                os.kill(int(folder.name), signal.SIGKILL)


def ours(shop, pid):
    """Is it this shop's gateway, under strace or not?"""
    try:
        return str(shop.folder) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False


FAULTS = [{}, {}, {"when": "tx", "what": "cut"}, {"when": "rx", "what": "cut"},
          {"when": "fiscal", "at": 1, "side": "before", "what": "power"},
          {"when": "fiscal", "at": 1, "side": "after", "what": "power"},
          {"when": "fiscal", "at": 1, "side": "after", "what": "cut"},
          {"when": "fiscal", "at": 1, "side": "before", "what": "late", "ms": 1500}]


def seeded(shop, kills, seed):
    """One sale after another, each with its own misfortune; returns the cases."""
    chance = random.Random(seed)
    for n in range(kills):
        gateway = chance.choice([0, *range(1, 12)])
        driver = chance.choice([None, chance.uniform(0, 0.25)]) if gateway else chance.uniform(0, 0.25)
        fault = dict(chance.choice(FAULTS))
        if fault.get("what") == "cut" and "at" not in fault:
            fault |= {"at": chance.randrange(1, 400), "side": chance.choice(["before", "after"])}
        if fault:
            shop.sim("register.fault", **fault)
        ready = start_under_strace(shop, gateway) if gateway else shop.start_gateway() is None
        killer = threading.Thread(target=kill_driver, args=(shop, 0.6 + driver)) if driver is not None else None
        if killer:
            killer.start()
        reached = sale_until_death(shop) if ready else "starting"
        if killer:
            killer.join()
        print(f"{n:3}: gateway at fsync {gateway or '-'}, driver {'-' if driver is None else round(driver, 3)}, "
              f"{fault or 'quiet'}: {reached}", flush=True)
        end_traced(shop.processes["gateway"])
        wait_for("the lock", lambda: unlocked(shop))
        shop.sim("register.faults.clear")
        shop.sim("register.power", state="on")
        shop.sim("register.plug")
        shop.start_gateway()
        wait_for("everything resolved and delivered", shop.settled, 90)
        shop.processes["gateway"].stop()


def many(preset, kills, seed):
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, preset)
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "9000")
            shop.processes["gateway"].stop()
            seeded(shop, kills, seed)
        finally:
            shop.stop_all()
        wrong = audit.audit(shop.folder)
        for sentence in wrong:
            print("WRONG", sentence)
        print(f"{kills} kills, seed {seed}: {len(wrong)} violations")
        return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("preset", nargs="?", default="dev")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.kills:
        return many(args.preset, args.kills, args.seed)
    every_step(args.preset)
    return 0


def every_step(preset):
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, preset)
        deaths = {}
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "900")
            shop.processes["gateway"].stop()
            survived = 0
            for n in range(1, 40):
                ready = start_under_strace(shop, n)
                reached = sale_until_death(shop) if ready else "starting"
                alive = shop.processes["gateway"].alive() and reached.startswith("paid")
                end_traced(shop.processes["gateway"])
                deaths[reached] = deaths.get(reached, 0) + 1
                print(f"fsync {n:2}: {reached}")
                wait_for("the lock", lambda: unlocked(shop))
                shop.start_gateway()
                wait_for("everything resolved and delivered", shop.settled, 60)
                shop.processes["gateway"].stop()
                survived = survived + 1 if alive else 0
                if survived >= 2:
                    break  # a whole sale fits before its fsync: every step has been killed
        finally:
            shop.stop_all()
        print(deaths)
        wrong = audit.audit(shop.folder)
        for sentence in wrong:
            print("WRONG", sentence)
        print(audit.table(shop.folder))
        killed_in_pay = deaths.get("basket", 0)
        assert killed_in_pay >= 3, f"only {killed_in_pay} deaths inside a payment"
        assert not wrong
        print("kill -9 at every hard step: nothing lost, nothing doubled")


def unlocked(shop):
    with open(shop.folder / "store" / "lock", "w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            return False


if __name__ == "__main__":
    sys.exit(main())
