#!/usr/bin/env python3
"""The cash program has the register (`fiscal_by: till`): the same states, on its word."""
import base64
import json
import os
import socket
import sqlite3
import sys
import tempfile
from pathlib import Path

from shop import FILES, GOLD_CARD, Shop, wait_for

COFFEE = "4601234567893"
MEMORY = "9999000000000001"
CONTACT = "+79161234567"


def code_of(answer):
    return answer[0], answer[1]["error"]["code"]


class TillPrints:
    def __init__(self, folder, preset):
        program = json.loads((FILES / "program.json").read_text())
        program["redeem"]["as"] = "payment"
        path = Path(folder, "program.json")
        path.write_text(json.dumps(program, ensure_ascii=False))
        self.shop = Shop(Path(folder, "shop"), preset)
        self.shop.fiscal_by, self.shop.without, self.shop.program = "till", {"register"}, path

    def word(self, sale, attempt, outcome, number=0, token=None):
        body = {"attempt": attempt, "outcome": outcome}
        if outcome == "done":
            body["document"] = {"fiscal_memory": MEMORY, "number": number, "sign": 7}
        return self.shop.api("POST", f"/v1/sales/{sale}/fiscal", body, token=token)

    def told(self, sale, attempt, outcome, state, number=0, token=None):
        answer = self.word(sale, attempt, outcome, number, token)
        assert answer[0] == 202, answer
        wait_for(state, lambda: self.view(sale, token)["state"] == state)

    def settled_none(self, sale):
        """Paid, the till does not know, and a senior says that there is no paper."""
        attempt = self.shop.pay(sale)[1]["attempt"]
        self.told(sale, attempt, "in_doubt", "in_doubt")
        self.shop.ok(self.shop.api("POST", f"/v1/sales/{sale}/settle", {"no_document": True},
                                   token=self.shop.senior_token))
        wait_for("settled", lambda: self.shop.state(sale) == "quoted")
        return attempt

    def view(self, sale, token=None):
        return self.shop.ok(self.shop.api("GET", f"/v1/sales/{sale}", token=token))


def check_words(t):
    shop = t.shop
    sale = shop.basket([COFFEE], card=GOLD_CARD, points="10")
    status, body = shop.pay(sale)
    assert status == 202 and body["state"] == "fiscalising" and body["receipt"]["lines"], body
    bad = {"attempt": 1, "outcome": "done", "document": {"fiscal_memory": "9999…", "number": 1, "sign": 7}}
    assert code_of(shop.api("POST", f"/v1/sales/{sale}/fiscal", bad)) == (400, "TB-1012")
    assert code_of(t.word(sale, 9, "done", 1)) == (409, "TB-4002"), "an attempt nobody asked for"
    t.told(sale, body["attempt"], "refused", "quoted")
    status, body = shop.pay(sale)
    assert body["attempt"] == 2
    shop.kill_gateway()  # the till prints meanwhile
    shop.start_gateway()
    wait_for("in doubt", lambda: shop.state(sale) == "in_doubt")
    t.told(sale, 2, "in_doubt", "in_doubt")
    t.told(sale, 2, "done", "committed", 17)
    assert t.word(sale, 2, "done", 17)[0] == 202, "said again"
    assert code_of(t.word(sale, 2, "done", 18)) == (409, "TB-4002"), "told otherwise"
    assert shop.api("GET", "/v1/register/status")[0] == 404
    print("refused, lost, done, on its word")


def check_late_words(t):
    """A senior ended two doubts; the till speaks of the second only, and of the first much later."""
    first, second = t.shop.basket([COFFEE]), t.shop.basket([COFFEE])
    t.settled_none(first)
    t.settled_none(second)
    t.told(second, 1, "done", "committed", 41)
    assert t.shop.state(first) == "quoted"
    t.shop.kill_gateway()
    t.shop.start_gateway()
    t.told(first, 1, "done", "committed", 40)
    print("a late word counts, whoever else is silent")


def check_found_paper(t):
    """The till refused, and finds the paper: sold by it, or named as one too many."""
    shop = t.shop
    unsold, twice = shop.basket([COFFEE]), shop.basket([COFFEE])
    for sale in unsold, twice:
        assert shop.pay(sale)[0] == 202
        t.told(sale, 1, "refused", "quoted")
        assert "recheck" not in t.view(sale)
    t.told(unsold, 1, "done", "committed", 80)
    assert shop.pay(twice)[1]["attempt"] == 2
    t.told(twice, 2, "done", "committed", 82)
    assert t.word(twice, 1, "done", 81)[0] == 202
    assert t.word(twice, 1, "done", 81)[0] == 202, "said again"
    extra = t.view(twice)
    assert extra["extra_document"]["number"] == 81 and extra["propose"].endswith("/undo"), extra
    wait_for("told to central", shop.settled)
    assert "TB-3015" in shop.central("alarms"), shop.central("alarms")
    print("what the till refused and then found is sold, or named as one too many")


def check_settled_twice(t):
    """Two attempts of one sale were settled and a third sold it: both papers are named and undone."""
    shop = t.shop
    sale = shop.basket([COFFEE], card=GOLD_CARD, points="100")
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/contact", {"contact": CONTACT}))
    assert [t.settled_none(sale), t.settled_none(sale)] == [1, 2]
    status, body = shop.pay(sale)
    paid, total = body["quote"]["total"], body["receipt"]["total"]
    t.told(sale, 3, "done", "committed", 53)
    seen = {}
    for attempt, number in (2, 52), (1, 51):
        assert t.word(sale, attempt, "done", number)[0] == 202
        assert t.word(sale, attempt, "done", number)[0] == 202, "said again"
        wait_for("the extra document", lambda: t.view(sale).get("extra_document"))
        assert t.view(sale)["document"]["number"] == 53
        undo = shop.ok(shop.api("POST", f"/v1/sales/{sale}/undo", {"number": f"undo-{number}"}, token=shop.senior_token))
        assert undo["quote"]["total"] == paid, "points are no money"
        money = {"quote": undo["quote"]["id"], "payments": [{"tender": "electronic", "amount": paid}]}
        status, body = shop.api("POST", f"/v1/sales/{undo['id']}/pay", money, token=shop.senior_token)
        assert status == 202 and body["receipt"]["kind"] == "sale_return", body
        assert body["receipt"]["total"] == total and body["receipt"]["returned"]["number"] == number, body
        t.told(undo["id"], 1, "done", "committed", number + 10, shop.senior_token)
        seen[number] = undo["id"]
    assert len(set(seen.values())) == 2
    wait_for("told to central", shop.settled)
    assert shop.central("alarms").count("TB-3015") == 2, shop.central("alarms")
    print("each settled attempt is remembered, named and undone for its money")


def check_two_keys(t):
    """Paid again under another key while the first is in doubt; then the till's events come back."""
    shop = t.shop
    sale = shop.basket([COFFEE])
    quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote", {}))["quote"]
    body = {"quote": quote["id"], "payments": [{"tender": "electronic", "amount": quote["total"]}]}
    assert shop.api("POST", f"/v1/sales/{sale}/pay", body, key="first")[0] == 202
    assert code_of(shop.api("POST", f"/v1/sales/{sale}/pay", body, key="second"))[0] == 409
    with socket.create_connection(("127.0.0.1", shop.port), 5) as s:
        s.sendall((f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}\r\nUpgrade: websocket\r\n"
                   f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
                   f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {shop.token}\r\n\r\n").encode())
        said = s.recv(4000)
        assert b" 101 " in said
        while f"{sale}".encode() not in said.split(b'"type":"resolve"')[-1]:
            said += s.recv(4000)
        assert b'"type":"print"' not in said, "printed twice"
        t.told(sale, 1, "done", "committed", 70)
    print("one payment, whatever the key; the till is asked again when it is back")


def check_contact_is_gone(t):
    t.shop.stop_all()
    journal = sqlite3.connect(t.shop.folder / "store/journal.db")
    bodies = [body for (body,) in journal.execute("SELECT body FROM sales")]
    assert bodies and not any(CONTACT[1:] in body for body in bodies), "a customer's contact stays"
    print("no contact stays in the journal")


def main():
    preset = sys.argv[1] if len(sys.argv) > 1 else "dev"
    with tempfile.TemporaryDirectory() as folder:
        t = TillPrints(folder, preset)
        try:
            t.shop.start_all(armed=False)
            t.shop.central("customers", "add", "--card-hash", t.shop.hash_of("card", GOLD_CARD), "--points", "900")
            check_words(t)
            check_late_words(t)
            check_settled_twice(t)
            check_found_paper(t)
            check_two_keys(t)
            check_contact_is_gone(t)
        finally:
            t.shop.stop_all()


if __name__ == "__main__":
    main()
