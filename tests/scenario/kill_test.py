#!/usr/bin/env python3
"""kill -9 at every hard step: strace ends the gateway at its N-th fsync, for every N of a sale.

With --kills N --seed S [--register numbered | datecs | atol | library] instead: N seeded sales, each with the
gateway killed at a random fsync, or its register driver in place of a random one of the calls by which it says
something (a frame to the gateway, a line of the library's file), or both, the driver then at a random moment,
while the register's line breaks or not.
After each death the gateway starts again; in the end the audit must find everything one to one.
"""
import argparse
import collections
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.error

import audit
from other_registers_test import pay_quietly, use, use_library
from shop import GOLD_CARD, Process, Shop, wait_for


def start_under_strace(shop, n, calls="/dev/null"):
    """A gateway that dies instead of its n-th fsync; the calls are listed in a file."""
    command = ["strace", "-f", "-qq", "-o", str(calls), "-e", "trace=fsync,fdatasync",
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


def fsyncs_of_a_start(shop):
    """How many a gateway makes before somebody can sell; strace counts them by thread."""
    calls = shop.folder / "logs" / "fsyncs"
    assert start_under_strace(shop, 10_000, calls), "it ended"
    shop.wait_register()
    by_thread = collections.Counter(line.split()[0] for line in calls.read_text().splitlines() if "sync(" in line)
    end_traced(shop.processes["gateway"])
    wait_for("the lock", lambda: unlocked(shop))
    return max(by_thread.values())


def end_if_there(pid):
    """SIGKILL to one of ours, which may be dying of its own fault in this very moment."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGKILL)


def end_traced(process):
    """Ends the gateway under strace (its child) and strace, by their ids."""
    with contextlib.suppress(OSError):  # strace has just ended
        children = pathlib.Path(f"/proc/{process.p.pid}/task/{process.p.pid}/children")
        for pid in children.read_text().split() if process.alive() else []:
            end_if_there(pid)
    process.stop()


def sale_until_death(shop, before_pay=lambda: None):
    """How far a sale with points came before the gateway was gone: the last call that answered."""
    reached = "nothing"
    try:
        wait_for("devices", lambda: shop.api("GET", "/v1/health")[1]["register_online"]
                 and shop.api("GET", "/v1/health")[1]["central_online"])
        reached = "online"
        sale = shop.basket(["4601234567893"], card=GOLD_CARD, points="1")
        reached = "basket"
        before_pay()
        status, body = shop.pay(sale)
        reached = f"paid: {status} {body.get('state')}"
        shop.api("GET", "/v1/health")
    except (urllib.error.URLError, ConnectionError, TimeoutError, OSError):
        pass
    return reached


def drivers(shop, plugin):
    """The register driver's own process, found among the gateway's children."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone while we read
            program, *words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if program == f"{shop.bin}/tillbridge-plugin-host" and f"{shop.bin.parent}/lib/{plugin}" in words:
                parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
                if ours(shop, int(parent)):
                    yield int(folder.name)


SAYS = "sendmsg,sendto,write,fsync"


class Traced:
    """strace on the driver from now on: it dies in place of its n-th call of SAYS, counted by thread."""

    def __init__(self, shop, plugin, n):
        pid = next(drivers(shop, plugin))
        self.calls = shop.folder / "logs" / "driver_calls"
        self.calls.write_text("")
        command = ["strace", "-f", "-qq", "-o", str(self.calls), "-e", f"trace={SAYS}",
                   "-e", f"inject={SAYS}:signal=KILL:when={n}", "-p", str(pid)]
        self.process = Process("strace", command, shop.folder / "logs" / "driver_strace.log")
        wait_for("strace on every thread", lambda: all(
            "TracerPid:\t0" not in (thread / "status").read_text()
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir()))
        assert self.process.alive(), self.process.said()

    def end(self):
        """How many calls its busiest thread made, and whether it died of the last."""
        died = not self.process.alive()
        self.process.stop()
        by_thread = collections.Counter(line.split()[0] for line in self.calls.read_text().splitlines() if "(" in line)
        return max(by_thread.values(), default=0), died


def calls_of_a_sale(shop, plugin):
    """How often a driver says something while a sale is paid."""
    shop.start_gateway()
    traced = []
    reached = sale_until_death(shop, lambda: traced.append(Traced(shop, plugin, 60_000)))
    assert reached.startswith("paid: 200 committed"), reached
    made, _ = traced[0].end()
    shop.processes["gateway"].stop()
    return made


class Driver:
    """The driver dies in place of the n-th thing it says in a payment."""

    def __init__(self, shop, plugin, n):
        self.shop, self.plugin, self.n = shop, plugin, n

    def __str__(self):
        return f"driver at call {self.n}"

    def play(self):
        self.shop.start_gateway()
        traced = []
        reached = sale_until_death(self.shop, lambda: traced.append(Traced(self.shop, self.plugin, self.n)))
        died = any([t.end()[1] for t in traced])
        return reached, {"gateway": False, "driver": died}


class Gateway:
    """The gateway dies at its n-th fsync; with `after` its driver so many seconds into the payment."""

    def __init__(self, shop, plugin, n, after):
        self.shop, self.plugin, self.n, self.after, self.killed = shop, plugin, n, after, []

    def __str__(self):
        return f"gateway at fsync {self.n}" + (f", driver after {self.after:.3f} s" if self.after is not None else "")

    def kill_driver(self):
        time.sleep(self.after)
        for pid in drivers(self.shop, self.plugin):
            end_if_there(pid)
            self.killed.append(pid)

    def play(self):
        if not start_under_strace(self.shop, self.n):
            return "starting", {"gateway": False, "driver": False}
        killer = threading.Thread(target=self.kill_driver)
        reached = sale_until_death(self.shop, killer.start if self.after is not None else lambda: None)
        if killer.ident:
            killer.join()
        return reached, {"gateway": reached == "basket", "driver": bool(self.killed)}


def ours(shop, pid):
    """Is it this shop's gateway, under strace or not?"""
    try:
        return str(shop.folder) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False


AT_FISCAL = [{"verb": "fault", "when": "fiscal", "at": 1, "side": side, "what": what, **more}
             for side, what, more in (("before", "power", {}), ("after", "power", {}), ("after", "cut", {}),
                                      ("before", "late", {"ms": 1500}))]
ON_THE_LINE = [{"verb": "fault", "when": "tx", "what": "cut"}, {"verb": "fault", "when": "rx", "what": "cut"}]
# plugin, the name of its device in the simulator, what may befall it
REGISTERS = {
    "shtrih": ("register_shtrih", "register", [{}, {}, *ON_THE_LINE, *AT_FISCAL]),
    "numbered": ("register_shtrih", "register", [{}, {}, *ON_THE_LINE, *AT_FISCAL]),
    "datecs": ("register_datecs", "datecs", [{}, {}, *ON_THE_LINE, *AT_FISCAL]),
    # No cable and no power of its own: the process is all there is.
    "library": ("register_atol", None, [{}]),
    "atol": ("register_atol_web", "atol", [{}, {}, {"verb": "late", "ms": 1500}, {"verb": "hold", "ms": 1500},
                                           {"verb": "power", "state": "off", "at": "before"},
                                           {"verb": "power", "state": "off", "at": "after"}])}


def mend(shop, sim):
    """Everything the fault took away comes back."""
    if sim is None:
        return
    if sim != "atol":
        shop.sim(f"{sim}.faults.clear")
    if sim == "atol" or shop.sim(f"{sim}.state")["power"] != "on":
        shop.sim(f"{sim}.power", state="on")  # and no failure that is still to come
    shop.sim(f"{sim}.plug")


def seeded(shop, register, kills, seed):
    """One sale after another, each with its own misfortune, and some more where chance put too few
    deaths into payments; returns how many, and how often it was the gateway and the driver."""
    plugin, sim, faults = REGISTERS[register]
    chance = random.Random(seed)
    started = fsyncs_of_a_start(shop)
    said = calls_of_a_sale(shop, plugin)
    assert said > 3, f"strace saw {said} calls of the driver in a sale"
    dead_gateways = dead_drivers = 0
    few = lambda: dead_gateways + dead_drivers < kills // 3 or dead_drivers == 0
    n = 0
    while n < kills or (kills >= 10 and few() and n < 4 * kills):
        # In the payment as a rule; now and then while the gateway starts.
        gateway = chance.choice([0] * 5 + [chance.randint(1, started), *(started + k for k in range(1, 6))])
        driver = chance.choice([None, chance.uniform(0, 0.25)]) if gateway else chance.randint(1, said)
        fault = dict(chance.choice(faults))
        if fault.get("what") == "cut" and "at" not in fault:
            fault |= {"at": chance.randrange(1, 400), "side": chance.choice(["before", "after"])}
        if fault:
            shop.sim(f"{sim}.{fault['verb']}", **{k: v for k, v in fault.items() if k != "verb"})
        death = Gateway(shop, plugin, gateway, driver) if gateway else Driver(shop, plugin, driver)
        reached, killed = death.play()
        print(f"{n:3}: {death}, {fault or 'quiet'}: {reached}", flush=True)
        n += 1
        dead_gateways += killed["gateway"]
        dead_drivers += killed["driver"]
        end_traced(shop.processes["gateway"])
        wait_for("the lock", lambda: unlocked(shop))
        mend(shop, sim)
        shop.start_gateway()
        wait_for("everything resolved and delivered", shop.settled, 90)
        shop.processes["gateway"].stop()
    return n, dead_gateways, dead_drivers


def many(preset, register, kills, seed):
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, preset)
        use(shop, register)
        vendor = use_library(shop) if register == "library" else None
        try:
            shop.start_all(armed=False)
            shop.arm(shop.ok(shop.api("GET", "/v1/register/status"))["state"]["fiscal_memory"])
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "9000")
            shop.processes["gateway"].stop()
            done, gateways, drivers_ = seeded(shop, register, kills, seed)
        finally:
            shop.stop_all()
            if vendor:
                (shop.folder / "library").mkdir(exist_ok=True)
                shutil.move(vendor / "libfptr10.so.state", shop.folder / "library" / "fiscal_memory.jsonl")
                shutil.rmtree(vendor)
        wrong = audit.audit(shop.folder)
        for sentence in wrong:
            print("WRONG", sentence)
        sold = sum(1 for d in audit.read_memory(shop.folder) if d["witness"])
        print(f"{register}: {done} cases, killed in payments: the gateway {gateways} times, the driver {drivers_}, "
              f"seed {seed}, {sold} sold: {len(wrong)} violations")
        if kills >= 10 and (gateways + drivers_ < kills // 3 or drivers_ == 0):
            print("too few of them in payments to say anything")
            return 1
        return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("preset", nargs="?", default="dev")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--register", choices=REGISTERS, default="shtrih")
    args = parser.parse_args()
    if args.kills:
        return many(args.preset, args.register, args.kills, args.seed)
    every_step(args.preset)
    asked_to_stop(args.preset)
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


def asked_to_stop(preset):
    """SIGTERM, as systemd sends it, while the register makes the receipt: not a second one afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, preset)
        try:
            shop.start_all()
            shop.sim("register.config", fiscal_exec_ms=600)
            for wait in (0.0, 0.2, 0.5):
                shop.wait_register()
                sale = shop.basket(["4601234567893"])
                paying = threading.Thread(target=pay_quietly, args=(shop, sale))
                paying.start()
                wait_for("the register working", lambda: shop.state(sale) == "fiscalising")
                time.sleep(wait)
                shop.processes["gateway"].stop()
                paying.join()
                shop.start_gateway()
                wait_for("everything resolved and delivered", shop.settled, 60)
                if shop.state(sale) != "committed":
                    shop.wait_register()
                    assert shop.pay(sale)[1]["state"] == "committed"
            wait_for("delivered", shop.settled, 60)
        finally:
            shop.stop_all()
        wrong = audit.audit(shop.folder)
        assert not wrong, wrong
        sold = [d for d in audit.read_memory(shop.folder) if d["witness"]]
        assert len(sold) == 3, f"{len(sold)} documents of three sales"
        print("SIGTERM in the middle of three receipts: one document each")


def unlocked(shop):
    with open(shop.folder / "store" / "lock", "w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            return False


if __name__ == "__main__":
    sys.exit(main())
