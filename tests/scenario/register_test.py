#!/usr/bin/env python3
"""The register beyond a sale: arming, a swapped one, other people's documents, cash, settings."""
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time

import audit
from shop import GOLD_CARD, Shop, wait_for

FIRST, SECOND = "9999078900000001", "9999078900000002"


def code_of(answer):
    return answer[0], answer[1]["error"]["code"]


def check_arming(shop):
    """Nothing live is printed before an operator has confirmed the number, and not by a cashier."""
    sale = shop.basket(["4607000000021"])
    status, body = shop.pay(sale)
    assert body["state"] == "quoted" and body["trouble"]["code"] == "TB-3012", body
    assert code_of(shop.api("POST", "/v1/register/open-shift", {})) == (409, "TB-3012")
    assert shop.api("POST", "/v1/register/arm", {"fiscal_memory": FIRST})[0] == 403
    wrong = shop.api("POST", "/v1/register/arm", {"fiscal_memory": SECOND}, token=shop.senior_token)
    assert code_of(wrong) == (409, "TB-3012"), wrong
    assert [d["type"] for d in shop.documents()] == [1], "something was printed"
    assert shop.arm()["armed"] == FIRST
    assert shop.pay(sale)[1]["state"] == "committed"
    print("arming: nothing is printed on a register nobody confirmed")
    return sale


def check_foreign(shop):
    """What another program prints is noticed, read and told to central; ours never is."""
    shop.sim("register.foreign", total=12345, op="sale", items=[{"name": "Чай", "price": 12345, "quantity_milli": 1000}])
    number = shop.documents()[-1]["fd"]
    assert shop.pay(shop.basket(["4607000000021"]))[1]["state"] == "committed"
    wait_for("the foreign document read", lambda: f"document {number} (sale) was made by somebody else"
             in shop.processes["gateway"].said(), 90)
    wait_for("told to central", shop.settled)
    alarms = shop.central("alarms")
    assert "TB-3013" in alarms and f"{FIRST}/{number}" in alarms, alarms
    assert alarms.count("TB-3013") == 1, alarms
    print("a foreign document is noticed and reported, ours are not")


def check_cash(shop):
    """The cable goes while the drawer is filled: the sum tells whether it was done."""
    before = shop.ok(shop.api("GET", "/v1/register/status"))["state"]["cash_in_drawer"]
    for n, side in enumerate(["before", "after"]):
        shop.sim("register.fault", when="rx" if side == "before" else "tx", at=3, side="after", what="cut", command="50")
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(
            shop.api("POST", "/v1/register/cash", {"direction": "in", "amount": "100.00"}, token=shop.senior_token)))
        waiting.start()
        time.sleep(1)
        shop.sim("register.plug")
        waiting.join(60)
        shop.sim("register.faults.clear")
        shop.wait_register()
        after = shop.ok(shop.api("GET", "/v1/register/status"))["state"]["cash_in_drawer"]
        done = answers[0][0] == 200
        assert after - before == (10000 if done else 0), (side, answers, before, after)
        before = after
    print("cash into the drawer with the cable cut: told what really happened")


def check_settings(shop):
    def command(*words):
        done = subprocess.run([shop.bin / "tillbridge", "register", *words, "--url", f"http://127.0.0.1:{shop.port}",
                               "--token-file", shop.folder / "senior-token", "--language", "en"],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    (shop.folder / "senior-token").write_text(shop.senior_token)
    assert command("table", "2", "1", "2") == (0, "value: ОПЕРАТОР1\n")
    assert command("table", "2", "1", "2", "Анна")[0] == 0
    assert command("table", "2", "1", "2") == (0, "value: Анна\n")
    assert command("undo")[0] == 0
    assert command("table", "2", "1", "2") == (0, "value: ОПЕРАТОР1\n")
    for value in "", "Б" * 300, None:  # what the register or its driver refuses was never changed
        if value is not None:
            assert command("table", "2", "1", "2" if value else "99", value or "1")[0] == 1
        status, text = command("undo")
        assert status == 1 and text.startswith("  TB-3020 "), (value, text)
    status, text = command("status")
    assert status == 0 and "ШТРИХ-М-02Ф" in text and f"armed: {FIRST}" in text, text
    assert command("document", "1")[0] == 0
    last = command("document", str(shop.documents()[-1]["fd"]))
    assert "shift: 1\n" in last[1] and "receipt: 0\n" not in last[1], last
    assert command("clock")[1].startswith("  TB-3016 "), "the clock is set between shifts only"
    assert command("document", "9999")[0] == 1
    assert command("fly")[0] == 2
    bare = subprocess.run([shop.bin / "tillbridge", "register"], capture_output=True, text=True)
    assert bare.returncode == 2 and "confirm the fiscal memory" in bare.stderr, bare
    wrong = command("arm", SECOND)
    assert wrong[0] == 1 and wrong[1].startswith("  TB-3012 ") and "{" not in wrong[1], wrong
    assert f"{SECOND} differs from the register's own {FIRST}" in wrong[1], wrong
    for verb in "correction", "picture":
        status, text = command(verb, "nix")
        assert status == 2 and "nix: there is no such file" in text, text
    assert command("settlement")[0] == 0
    assert shop.documents()[-1]["type"] == 21
    for _ in range(300):  # more than there are connections: an answered one is nobody's any more
        assert shop.api("GET", "/v1/register/status")[0] == 200
    print("settings are read, written and taken back")


def check_correction(shop):
    receipt = shop.receipt(["Чай"], 10000, correction={"by_order": True, "date": "2026-11-20", "number": "17"})
    body = {"number": "corr-1", "cashier": "Анна", "receipt": receipt}
    assert shop.api("POST", "/v1/documents", body)[0] == 403
    sale = shop.ok(shop.api("POST", "/v1/documents", body, token=shop.senior_token))
    paid = shop.ok(shop.api("POST", f"/v1/sales/{sale['id']}/pay", {
        "quote": sale["quote"]["id"], "payments": [{"tender": "cash", "amount": "100.00"}]}, token=shop.senior_token))
    assert paid["state"] == "committed", paid
    assert shop.documents()[-1]["type"] == 31
    receipt["lines"][0]["sum"] = -1
    refused = shop.api("POST", "/v1/documents", {**body, "number": "corr-2"}, token=shop.senior_token)
    assert code_of(refused)[1] == "TB-1006" and "lines[0].sum" in str(refused), refused
    receipt["lines"][0]["sum"] = 10000
    for kind, back in ("sale", False), ("sale_return", True), ("purchase", True), ("purchase_return", False):
        opened = shop.ok(shop.api("POST", "/v1/documents", {"number": kind, "receipt": {**receipt, "kind": kind}}, token=shop.senior_token))
        assert (opened["kind"], opened["return"]) == (f"{kind}_correction", back), opened
        shop.ok(shop.api("POST", f"/v1/sales/{opened['id']}/cancel", {}, token=shop.senior_token))
    for slip, code in (({"linse": []}, "TB-1003"), ({"lines": [{**receipt["lines"][0], "prise": 1}]}, "TB-1003"),
                       ({"cashier": {"name": "Вера"}}, "TB-1012"), ({"witness": "x"}, "TB-1012")):
        refused = shop.api("POST", "/v1/documents", {"number": "corr-2", "receipt": {**receipt, **slip}}, token=shop.senior_token)
        assert code_of(refused)[1] == code and next(iter(slip)) in str(refused), refused
    # By the command line, with what a person would write and no more.
    (shop.folder / "correction.json").write_text(json.dumps({"number": "corr-3", "receipt": {
        "kind": "purchase", "correction": {"date": "2026-11-20"},
        "lines": [{"name": "Тара", "price": 500, "quantity": 2000, "tax": {"kind": "exempt"}}]}}))
    def correction(*more):
        done = subprocess.run([shop.bin / "tillbridge", "register", "correction", shop.folder / "correction.json", *more,
                               "--url", f"http://127.0.0.1:{shop.port}", "--token-file", shop.folder / "senior-token",
                               "--language", "en"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    shop.sim("register.paper", state="out")
    assert correction()[1].count("TB-2201") == 1
    shop.sim("register.paper", state="ok")
    status, said = correction()
    last = shop.documents()[-1]
    assert (last["type"], last["op"], last["total"]) == (31, 3, 1000), last
    assert status == 0 and f"number: {last['fd']}" in said, said
    assert correction() == (status, said) and shop.documents()[-1] == last, "made twice"
    assert correction("cancel")[0] == 1, "a document on paper is not cancelled"
    print("a correction is a document of its own")


def check_closed_shift(shop):
    """What can't be printed opens no shift: that is a document too."""
    shop.ok(shop.api("POST", "/v1/register/close-shift", {}, token=shop.senior_token))
    before = shop.documents()
    receipt = shop.receipt(["Чай"], 10000)
    for number, rate, code in ("tax-1", 1700, "TB-1006"), ("tax-2", 2200, None):
        receipt["lines"][0]["tax"]["rate"] = rate
        sale = shop.ok(shop.api("POST", "/v1/documents", {"number": number, "receipt": receipt}, token=shop.senior_token))
        paid = shop.api("POST", f"/v1/sales/{sale['id']}/pay", {
            "quote": sale["quote"]["id"], "payments": [{"tender": "cash", "amount": "100.00"}]}, token=shop.senior_token)[1]
        if code:
            assert paid["trouble"]["code"] == code and "lines[0].tax" in paid["trouble"]["detail"], paid
            assert shop.documents() == before, "a shift was opened for nothing"
            shop.ok(shop.api("POST", f"/v1/sales/{sale['id']}/cancel", {}, token=shop.senior_token))
        else:
            assert paid["state"] == "committed", paid
            assert [d["type"] for d in shop.documents()[len(before):]] == [2, 3], shop.documents()[len(before):]
    print("a receipt that can't be printed opens no shift")


def check_reports(shop):
    """What the register did is told as done, once; what it refuses in the middle leaves nothing open."""
    def command(name):
        return shop.api("POST", f"/v1/register/{name}", {}, token=shop.senior_token)

    def state():
        return shop.ok(shop.api("GET", "/v1/register/status"))["state"]

    for fault, made in ({"when": "fiscal", "side": "after"}, 1), ({"when": "rx", "command": "FF38"}, 0):
        before = len(shop.documents())
        shop.sim("register.fault", at=1, what="cut", ms=700, **fault)
        status, body = command("settlement-report")
        assert (status == 200) == bool(made), (fault, status, body)
        assert [d["type"] for d in shop.documents()[before:]] == [21] * made, shop.documents()[before:]
        assert not state()["document_open"]
    shop.sim("register.clock", offset_s=-90000)
    for name in "settlement-report", "close-shift":
        before = shop.documents()
        status, body = command(name)
        assert status == 422 and body["error"]["code"] == "TB-3001", (name, body)
        assert not state()["document_open"], f"{name} was refused and left a document open"
        assert shop.documents() == before
    shop.sim("register.clock", offset_s=0)
    print("a report that was lost is told as it came out; a refused one leaves nothing open")


def check_silent(shop):
    """Its port is open and it says nothing: it is told as away, with what is known, and not for long once it is back."""
    def said(words):
        return shop.processes["gateway"].said().count(words)

    known = shop.ok(shop.api("GET", "/v1/register/status"))
    assert known["in_doubt"] == [] and "problem" not in known, known
    devices = shop.processes["sim"].p
    devices.send_signal(signal.SIGSTOP)
    for _ in range(2):
        away = shop.ok(shop.api("GET", "/v1/register/status"))
        assert away["problem"]["code"] == "TB-2005" and away["online"] is False and away["in_doubt"] == [], away
        assert away["state"]["last_document"] == known["state"]["last_document"] and away["state"]["read_at"], away
    assert shop.api("GET", "/v1/health")[1]["register_online"] is False
    asked = subprocess.run([shop.bin / "tillbridge", "register", "status", "--url", f"http://127.0.0.1:{shop.port}",
                            "--token-file", shop.folder / "senior-token", "--language", "en"], capture_output=True, text=True)
    assert asked.returncode == 1 and "TB-2005" in asked.stderr and "last_document" in asked.stdout, asked
    assert said("register: does not answer") == 1, "warned of again and again"
    devices.send_signal(signal.SIGCONT)
    shop.wait_register()
    assert said("register: answers again") == 1
    assert shop.pay(shop.basket(["4607000000021"]))[1]["state"] == "committed"
    print("a register that says nothing is away, with what is known of it")


def check_marked(shop):
    """A DataMatrix names its goods and stands in the document; the receipt also goes to the customer."""
    code = "0104607000000021" + "21abcDEF" + "\x1d" + "93dGVz"
    sale = shop.ok(shop.api("POST", "/v1/sales", {"number": "marked"}))["id"]
    path = f"/v1/sales/{sale}/lines"
    shop.ok(shop.api("POST", path, {"code": code}))
    assert code_of(shop.api("POST", path, {"code": code})) == (409, "TB-1011"), "the same piece twice"
    view = shop.ok(shop.api("POST", path, {"code": "4607000000021"}))
    assert [line.get("marked") for line in view["lines"]] == [True, None], view
    contact = f"/v1/sales/{sale}/contact"
    assert code_of(shop.api("POST", contact, {"contact": "Anna"})) == (400, "TB-1012")
    receipt = shop.receipt(["Чай"], 10000)
    ffd = receipt["lines"][0]["ru_ffd"]
    for wrong, wanted, where in (({"marking_code": code, "quantity": 2000, "sum": 20000}, "TB-1006", "lines[0].quantity"),
                                 ({"marking_code": code, "quantity": 500, "sum": 5000}, "TB-1006", "lines[0].quantity"),
                                 ({"ru_ffd": {**ffd, "payment_object_1212": 33}}, "TB-1004", "lines[0].marking_code"),
                                 ({"marking_code": code, "ru_ffd": {**ffd, "payment_object_1212": 32}}, "TB-1012", "1212")):
        lines = [{**receipt["lines"][0], **wrong}]
        body = {"number": "m-1", "receipt": {**receipt, "lines": lines, "total": lines[0]["sum"]}}
        refused = shop.api("POST", "/v1/documents", body, token=shop.senior_token)
        assert code_of(refused)[1] == wanted and where in str(refused), refused
    refused = shop.api("POST", "/v1/documents", {"number": "m-1", "receipt": {**receipt, "contact": "Anna"}}, token=shop.senior_token)
    assert code_of(refused) == (400, "TB-1012"), refused
    shop.ok(shop.api("POST", contact, {"contact": "+79160000000"}))
    assert shop.pay(sale)[1]["state"] == "committed"
    tlv = (shop.folder / "register/fiscal_memory.jsonl").read_text().splitlines()[-1].lower()
    assert code.encode().hex() in tlv and "+79160000000".encode().hex() in tlv, tlv
    print("a marking code and the customer's contact are in the document")


def check_operator(shop):
    """A PIN at the till names the operator; her tax number is in the document."""
    tried = [shop.api("POST", "/v1/sales", {"number": f"pin-{n}", "pin": pin}) for n, pin in enumerate(["0000", "4711"])]
    assert [t[0] for t in tried] == [403, 201], tried
    sale = tried[1][1]["id"]
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/lines", {"code": "4607000000021"}))
    assert shop.pay(sale)[1]["state"] == "committed"
    tlv = (shop.folder / "register/fiscal_memory.jsonl").read_text().splitlines()[-1]
    assert "771234567890".encode().hex() in tlv.lower(), tlv[-400:]
    for n in range(6):
        status, body = shop.api("POST", "/v1/sales", {"number": f"no-{n}", "pin": "1111"})
    assert status == 429, body
    print("a PIN names the operator, her tax number is in the document, guessing ends")


def check_swapped(shop):
    shop.sim("register.replace")
    shop.sim("register.open_shift")
    sale = shop.basket(["4607000000021"])
    status, body = shop.pay(sale)
    assert body["trouble"]["code"] == "TB-3006", body
    assert shop.arm(SECOND)["in_doubt"] == []
    assert shop.pay(sale)[1]["state"] == "committed"
    wait_for("delivered", shop.settled)
    print("a swapped register is refused until it is confirmed")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        hashed = subprocess.run([shop.bin / "tillbridge", "pin", "--name", "Анна"], input="4711\n", text=True,
                                capture_output=True, check=True).stdout
        shop.operators = f'[[operator]]\nname = "Анна"\ntax_number = "771234567890"\n{hashed}'
        try:
            shop.start_all(armed=False)
            check_arming(shop)
            check_foreign(shop)
            check_cash(shop)
            check_settings(shop)
            check_correction(shop)
            check_closed_shift(shop)
            check_reports(shop)
            check_silent(shop)
            check_marked(shop)
            check_operator(shop)
            wait_for("delivered", shop.settled)
            wrong = audit.audit(shop.folder)
            assert not wrong, wrong
            check_swapped(shop)
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
