#!/usr/bin/env python3
"""kill -9 at every hard step: strace ends the gateway at its N-th fsync, for every N of a sale.

After each death the gateway starts again; in the end the audit must find everything one to one.
"""
import fcntl
import os
import pathlib
import signal
import sys
import tempfile
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


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
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
    main()
