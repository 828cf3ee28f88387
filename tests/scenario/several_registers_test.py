#!/usr/bin/env python3
"""Two tills, a register of each and of different makers: what happens to one is nothing to the other."""
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from other_registers_test import BREAD, COFFEE, atol_web, receipts
from shop import Shop, wait_for


def check_doubt(shop):
    """The first till's cable goes in the middle of a payment: the second one sells all the while."""
    assert shop.pay(shop.basket([BREAD]))[1]["state"] == "committed"  # and a shift is open
    before, before_2 = len(receipts(shop, "register")), len(receipts(shop, "atol"))
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="cut", ms=6000)
    sale = shop.basket([COFFEE])
    paying = threading.Thread(target=shop.pay, args=(sale,))
    paying.start()
    wait_for("the doubt", lambda: shop.state(sale) == "in_doubt")
    shop.sim("register.pull")
    for _ in range(5):
        started = time.monotonic()
        body = shop.pay(shop.basket([BREAD], token=shop.token_2), token=shop.token_2)[1]
        assert body["state"] == "committed", body
        assert time.monotonic() - started < 5, "it waited for the other till's doubt"
    health = lambda token: shop.api("GET", "/v1/health", token=token)[1]["register_online"]
    assert (health(shop.token), health(shop.token_2), health(shop.senior_token)) == (False, True, False)
    status = shop.ok(shop.api("GET", "/v1/registers/register/status", token=shop.senior_token))
    assert status["in_doubt"] == [sale] and status["problem"], status
    shop.sim("register.plug")
    paying.join(60)
    wait_for("a verdict", lambda: shop.state(sale) in ("committed", "quoted"), 60)
    if shop.state(sale) == "quoted":
        wait_for("paid", lambda: shop.pay(sale)[1].get("state") == "committed", 60)
    assert len(receipts(shop, "register")) == before + 1, "a document too many or too few"
    assert len(receipts(shop, "atol")) == before_2 + 5
    print("a doubt at one till: five sales at the other meanwhile, one document each")


def check_rights(shop):
    """A cashier asks her own register; a senior, who has none here, names it, and the till of a document."""
    own = shop.ok(shop.api("GET", "/v1/register/status", token=shop.token_2))
    assert own["armed"] != shop.ok(shop.api("GET", "/v1/register/status"))["armed"]
    assert shop.api("GET", "/v1/registers/register-2/status", token=shop.token_2)[0] == 200
    assert shop.api("GET", "/v1/registers/register-2/status")[0] == 403
    assert shop.api("GET", "/v1/registers/nobody/status", token=shop.senior_token)[0] == 404
    none = shop.api("GET", "/v1/register/status", token=shop.senior_token)
    assert "till senior has no register" in json.dumps(none[1]), none
    sale = shop.basket([BREAD], token=shop.senior_token)
    refused = shop.pay(sale, token=shop.senior_token)[1]
    assert refused["state"] == "quoted" and "till senior has no register" in json.dumps(refused), refused
    (shop.folder / "senior").write_text(shop.senior_token)
    asked = subprocess.run([shop.bin / "tillbridge", "register", "status", "--device", "register-2", "--json",
                            "--url", f"http://127.0.0.1:{shop.port}", "--token-file", shop.folder / "senior"],
                           capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout)["armed"] == own["armed"]
    before = len(receipts(shop, "atol"))
    document = {"number": "c-1", "cashier": "Анна", "till": "2", "receipt": shop.receipt(["Чай"], 10000)}
    opened = shop.ok(shop.api("POST", "/v1/documents", document, token=shop.senior_token))
    assert shop.api("POST", "/v1/documents", {**document, "number": "c-2", "till": "9"}, token=shop.senior_token)[0] == 400
    pay = {"quote": opened["quote"]["id"], "payments": [{"tender": "cash", "amount": opened["quote"]["total"]}]}
    paid = shop.ok(shop.api("POST", f"/v1/sales/{opened['id']}/pay", pay, token=shop.senior_token))
    assert paid["state"] == "committed", paid
    assert len(receipts(shop, "atol")) == before + 1
    print("a cashier asks her own register only; a senior names it")


def check_return(shop):
    """Goods bought at the first till come back at the second."""
    sale = shop.basket([COFFEE, BREAD])
    assert shop.pay(sale)[1]["state"] == "committed"
    back = shop.ok(shop.api("POST", "/v1/returns", {"number": "b-1", "cashier": "Анна", "sale": sale, "lines": {"2": "1"}}, token=shop.token_2))
    pay = {"quote": back["quote"]["id"], "payments": [{"tender": "electronic", "amount": back["quote"]["total"]}]}
    before = len(receipts(shop, "atol"))
    paid = shop.ok(shop.api("POST", f"/v1/sales/{back['id']}/pay", pay, token=shop.token_2))
    assert paid["state"] == "committed", paid
    assert len(receipts(shop, "atol")) == before + 1
    print("bought at one till, given back at the other")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(pathlib.Path(folder) / "shop", sys.argv[1] if len(sys.argv) > 1 else "dev")
        shop.second_register = atol_web
        try:
            shop.start_all()
            check_doubt(shop)
            check_rights(shop)
            check_return(shop)
            shop.kill_gateway()
            shop.start_gateway()
            wait_for("both registers", lambda: all(d["online"] for d in shop.api("GET", "/v1/devices")[1]["devices"]), 30)
            for token in (shop.token, shop.token_2):
                assert shop.pay(shop.basket([BREAD], token=token), token=token)[1]["state"] == "committed", "armed before"
            print("each register is known again after a restart")
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
