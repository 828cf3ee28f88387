#!/usr/bin/env python3
"""record_own.py BUILD: records the dialogues of our own plugins with the virtual devices again.

Writes recordings/*.json beside each driver. Everything in them is invented, so nothing is masked.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
FIRST_MEMORY = "9999078900005488"  # of every new virtual register of ATOL
OPERATOR = {"name": "Анна", "tax_number": ""}


class Devices:
    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen([BUILD / "bin" / "tillbridge-sim", "--dir", folder], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"
        self.ports = json.loads((folder / "ports.json").read_text())

    def do(self, verb, **more):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "control.sock"))
            s.sendall(json.dumps({"do": verb, **more}).encode() + b"\n")
            answer = json.loads(s.makefile().readline())
        assert answer.get("ok"), (verb, answer)


def receipt(tax=2200, cashier=OPERATOR):
    line = {"name": "Кофе", "price": 39990, "quantity": 1000, "sum": 39990, "discount": 0,
            "tax": {"kind": "rate", "rate": tax}, "marking_code": "",
            "ru_ffd": {"payment_object_1212": 1, "payment_method_1214": 4, "measure_2108": 0}}
    return {"receipt": {"kind": "sale", "witness": "0123456789ABCDEF", "lines": [line], "total": 39990, "contact": "",
                        "payments": [{"tender": "cash", "amount": 39990}], "cashier": cashier,
                        "ru_ffd": {"tax_system_1055": 1}}}


def ask(verb, body=None):
    return f"{verb} {json.dumps(body or {}, ensure_ascii=False)}"


def record(plugin, name, title, steps, port=None, settings=None):
    """`steps`: lines for the prompt, or functions of the answers so far that do something to the device
    meanwhile; what such a function returns is a line too."""
    source = next(p for p in ROOT.glob(f"*/**/{plugin}/manifest.json") if "build" not in p.parts).parent
    out = source / "recordings" / f"{name}.json"
    out.parent.mkdir(exist_ok=True)
    command = [BUILD / "bin" / "tillbridge-plugin", "record", BUILD / "lib" / plugin, "--out", out, "--title", title,
               "--keep-data", "--settings", json.dumps(settings or {})]
    process = subprocess.Popen([*command, *(["--port", port] if port else [])], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    answers = []
    for step in steps:
        if not isinstance(step, str):
            step = step(answers)
        if isinstance(step, str):
            process.stdin.write(step + "\n")
            process.stdin.flush()
            if step.startswith("wait"):
                time.sleep(0.05)
            elif not step.startswith(("plug", "unplug")):
                answers.append(process.stdout.readline().strip())
                print(f"{plugin}: {step[:60]}: {answers[-1][:110]}")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said
    print(said.strip().splitlines()[-1])


def resolve(answers, asked):
    """Asks for the receipt in doubt, the last answer, by the baseline before it."""
    baseline, doubt = answers[-2:]
    assert baseline.startswith("done ") and doubt.startswith("in_doubt"), answers
    return ask("fiscal.resolve", asked | {"baseline": json.loads(baseline.removeprefix("done "))})


def doubts(sim, tcp):
    """The line is lost behind the closing command: the device has made the document, nobody was told."""
    for plugin, device, tax, closing in (("register_shtrih", "register", 2200, "FF45"), ("register_datecs", "datecs", 2000, "38")):
        record(plugin, "doubt", "the line is lost behind the closing command; the receipt is found by its witness",
               [ask("fiscal.open_shift", {"cashier": OPERATOR}), ask("fiscal.baseline"),
                lambda _, d=device, c=closing: sim.do(f"{d}.fault", when="tx", at=2, side="before", what="cut", ms=100, command=c),
                ask("fiscal.receipt", receipt(tax)), lambda _: time.sleep(0.5), "plug",
                lambda answers, t=tax: resolve(answers, receipt(t))], tcp(device))
    record("register_atol_web", "doubt", "the power is lost behind the fiscal moment; the receipt is found",
           [ask("fiscal.open_shift", {"cashier": OPERATOR}), ask("fiscal.baseline"),
            lambda _: sim.do("atol.power", state="off", at="after"), ask("fiscal.receipt", receipt()),
            lambda _: sim.do("atol.power", state="on"), lambda answers: resolve(answers, receipt())],
           settings={"url": f"http://127.0.0.1:{sim.ports['atol']}"})
    # The stand-in loses the line at this operator's receipt; nothing of it was made. Its memory and its clock are the
    # process's own, so the baseline is the empty one.
    lost = receipt(cashier={"name": "LINE LOST", "tax_number": ""})
    os.environ["LD_LIBRARY_PATH"] = str(BUILD / "lib" / "fptr10_standin")
    record("register_atol", "doubt", "the line is lost with the receipt; it was not made",
           [ask("fiscal.open_shift", {"cashier": OPERATOR}), ask("fiscal.receipt", lost), ask("fiscal.resolve", lost | {
               "baseline": {"fiscal_memory": FIRST_MEMORY, "last_document": 0, "device_time": ""}})])


def registers(sim, tcp):
    common = [ask("fiscal.status"), ask("fiscal.baseline"), ask("fiscal.open_shift", {"cashier": OPERATOR})]
    for plugin, device, tax in (("register_shtrih", "register", 2200), ("register_datecs", "datecs", 2000)):
        record(plugin, "receipt", "a shift, a receipt, a document that is not there",
               [*common, ask("fiscal.receipt", receipt(tax)), ask("fiscal.document", {"number": 1}),
                ask("fiscal.document", {"number": 4711}), ask("fiscal.status", {"detail": True})], tcp(device))
        record(plugin, "paper_out", "no paper: refused, then printed",
               [lambda _, d=device: sim.do(f"{d}.paper", state="out"), ask("fiscal.receipt", receipt(tax)),
                lambda _, d=device: sim.do(f"{d}.paper", state="ok"), ask("fiscal.recover"), ask("fiscal.x_report")],
               tcp(device))
    record("register_atol_web", "receipt", "a shift, a receipt, a document that is not there",
           [*common, ask("fiscal.receipt", receipt()), ask("fiscal.document", {"number": 4711})],
           settings={"url": f"http://127.0.0.1:{sim.ports['atol']}"})


def main():
    with tempfile.TemporaryDirectory() as temporary:
        sim = Devices(pathlib.Path(temporary))
        tcp = lambda name: f"tcp:127.0.0.1:{sim.ports[name]}"
        try:
            record("scanner_serial", "codes", "a code, one with a wrong check digit",
                   ["wait 400", lambda _: sim.do("scan", data="4601234567893", aim="]E0"), lambda _: time.sleep(0.5), "wait 400",
                    lambda _: sim.do("scan", data="4601234567890", aim="]E0"), lambda _: time.sleep(0.5)], tcp("scanner"))
            record("reader_magstripe_serial", "cards", "a loyalty card, half a swipe",
                   ["wait 400", lambda _: sim.do("swipe", track2="2900000000018=99"), lambda _: time.sleep(0.5), "wait 400",
                    lambda _: sim.do("swipe", track1="B7000^A/B^99", track2="4111111111111111=2912"), lambda _: time.sleep(0.5)],
                   tcp("reader"))
            items = {"items": [{"text": "Чек", "bold": True}, {"qr": "t=1"}, {"cut": "partial"}]}
            record("printer_escpos", "receipt", "a receipt; then the paper is out",
                   [ask("printer.status"), ask("printer.print", items), ask("drawer.open"),
                    lambda _: sim.do("printer.paper", state="out"), ask("printer.status"), ask("printer.print", items)],
                   tcp("printer"))
            message = {"to": "+79990000000", "text": "1234"}
            record("sms_http", "messages", "sent; the provider is down; it says no",
                   [ask("message.send", message), lambda _: sim.do("phone.fail", status=503, times=1),
                    ask("message.send", message), lambda _: sim.do("phone.fail", status=400, times=1),
                    ask("message.send", message)], settings={"url": f"http://127.0.0.1:{sim.ports['phone']}/sms"})
            registers(sim, tcp)
            doubts(sim, tcp)
        finally:
            sim.process.terminate()
            sim.process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
