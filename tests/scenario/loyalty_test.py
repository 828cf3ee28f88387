#!/usr/bin/env python3
"""Rules at a live till: coupons are used once and come back with the receipt, stamps, history and
segments reach the rules, ways of payment are announced; the ledger proves every entry.
"""
import secrets
import sys
import tempfile

import audit
from shop import FILES, GOLD_CARD, Shop, Till, wait_for

COFFEE, BREAD, MILK, VODKA = "4601234567893", "4607000000014", "4607000000021", "4607000000045"
CARD, BLUE_CARD = "4607000000069", "2900000000025"
COUPON, MISTYPED = "7700000008", "7700000009"


def code(shop, sale, text, **more):
    return shop.api("POST", f"/v1/sales/{sale}/codes", {"code": text, **more})


def quote(shop, sale, **body):
    return shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote", body))


def paid(shop, sale):
    status, body = shop.pay(sale)
    assert (status, body["state"]) == (200, "committed"), body
    return body


def refused(answer, *words):
    status, body = answer
    assert status == 409 and body["error"]["code"] == "TB-6006", answer
    for word in words:
        assert word in body["error"]["detail"], body
    return body["error"]


def give_back(shop, sale, lines):
    body = shop.ok(shop.api("POST", "/v1/returns", {"number": secrets.token_hex(6),
                                                    "sale": sale, "lines": {k: str(v) for k, v in lines.items()}}))
    return paid(shop, body["id"])


def check_once(shop):
    """Used once; refused the second time with the reason in words; given back by a full return."""
    first = shop.basket([COFFEE, BREAD])
    shop.ok(code(shop, first, COUPON))
    seen = quote(shop, first)
    assert seen["codes"][0]["used"] and seen["quote"]["total"] == "408.96", seen
    refused(code(shop, first, COUPON), "entered twice")
    refused(code(shop, first, MISTYPED), "mistyped")
    refused(code(shop, first, "NOSUCH"), "no such code")
    other = shop.basket([BREAD])  # at the same time: nobody has it yet
    shop.ok(code(shop, other, COUPON))
    other_quote = quote(shop, other)["quote"]
    assert other_quote["total"] == "49.05"
    paid(shop, first)
    late = shop.api("POST", f"/v1/sales/{other}/pay", {
        "quote": other_quote["id"], "payments": [{"tender": "electronic", "amount": "49.05"}]})
    refused(late, "has been used")
    shop.ok(code(shop, other, COUPON, remove=True))
    assert paid(shop, other)["quote"]["total"] == "54.50"
    second = shop.basket([BREAD])
    told = refused(code(shop, second, COUPON), "has been used")
    assert told["what"] and told["next"], told
    give_back(shop, first, {"1": 1})
    refused(code(shop, second, COUPON), "has been used")  # a part of the receipt is not all of it
    give_back(shop, first, {"2": 1})
    shop.ok(code(shop, second, COUPON))
    assert paid(shop, second)["quote"]["total"] == "49.05"
    print("a coupon: used once, refused in words, refused at the second till, back with the whole receipt")


def check_elsewhere(shop):
    """Central knows of a use this store does not: refused when it is asked, before any paper."""
    wait_for("central to have everything", shop.settled)
    shop.central("coupons", "add", "7700000016", "--type", "tenth")
    sale = shop.basket([BREAD])
    shop.ok(code(shop, sale, "7700000016"))
    shop.central("coupons", "void", "7700000016")  # meanwhile
    documents = len(shop.documents())
    status, body = shop.pay(sale)
    assert status == 409 and body["trouble"]["code"] == "TB-6006" and body["state"] == "quoted", body
    assert len(shop.documents()) == documents, "a receipt was printed"
    again = quote(shop, sale)
    assert again["codes"][0]["why"] == "code_spent" and again["quote"]["total"] == "54.50", again
    paid(shop, sale)
    print("a coupon that central refuses: no paper, the next quote is without it")


def check_alone(shop):
    """Central is away: the store's own uses count, also after kill -9."""
    shop.processes.pop("central").stop()
    wait_for("central away", lambda: not shop.api("GET", "/v1/health")[1]["central_online"])
    sale = shop.basket([BREAD])
    shop.ok(code(shop, sale, "7700000024"))
    paid(shop, sale)
    shop.kill_gateway()
    shop.start_gateway()
    refused(code(shop, shop.basket([BREAD]), "7700000024"), "has been used")
    shop.start_central()
    wait_for("central back", lambda: shop.api("GET", "/v1/health")[1]["central_online"])
    print("without central the store refuses its own second use, also after kill -9")


def check_next(shop):
    """A coupon is handed out with its receipt, printed, known to central, and void with a return."""
    sold = paid(shop, shop.basket([COFFEE, COFFEE]))
    issued = sold["coupons"][0]["code"]
    assert issued.startswith("99") and len(issued) == 12, sold["coupons"]
    wait_for("central to have it", shop.settled)
    assert issued in shop.central("coupons", "list")
    sale = shop.basket([COFFEE])
    shop.ok(code(shop, sale, issued))
    assert paid(shop, sale)["quote"]["total"] == "349.90"
    unused = paid(shop, shop.basket([COFFEE, COFFEE]))
    back = give_back(shop, unused["id"], {"1": 2})
    assert back["void_coupons"][0]["code"] == unused["coupons"][0]["code"], back
    wait_for("central to have it", shop.settled)
    refused(code(shop, shop.basket([BREAD]), unused["coupons"][0]["code"]), "has been used")
    print(f"coupon {issued} for the next purchase; the one of a returned receipt is void")


def check_history(shop):
    """Purchases, segments and stamps that central counts reach the rules of the next receipt."""
    customer = shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD),
                            "--points", "100").strip()
    shop.central("customers", "set", customer, "--segment", "vip", "--date", "birthday=1990-05-01")
    types = [row.split("\t") for row in shop.central("customers", "types").splitlines()]
    assert all(len(row) == 3 and row[0] and row[1] for row in types) and types[0][0] == "-", types
    first = paid(shop, shop.basket([MILK], card=GOLD_CARD))
    assert first["quote"]["total"] == "85.40", first["quote"]  # vip, 5 %
    assert {p["purse"]: p["amount"] for p in first["purses"]} == {"stamps": "1.00"}, first
    paid(shop, shop.basket([MILK], card=GOLD_CARD))
    wait_for("central to have it", shop.settled)
    third = paid(shop, shop.basket([MILK, BREAD], card=GOLD_CARD))
    # the milk for two stamps, so it brings none; 10 off from the third purchase on; vip
    assert third["quote"]["total"] == "42.27", third["quote"]
    assert [p["amount"] for p in third["purses"]] == ["-2.00"], third["purses"]
    wait_for("central to have it", shop.settled)
    spent = shop.central("balance", customer)
    assert "stamps 1.00" not in spent and "stamps 2.00" not in spent, spent
    give_back(shop, third["id"], {"1": 1, "2": 1})
    wait_for("central to have it", shop.settled)
    after = shop.central("balance", customer)
    assert "stamps 2.00" in after, after
    print("history, segment and stamps: " + " ".join(after.split()))


def check_card_goods(shop):
    """A card is sold as goods: no discount, nothing earned; its points wait until it is bought."""
    customer = shop.central("customers", "add", "--card-hash", shop.hash_of("card", BLUE_CARD),
                            "--card-type", "blue", "--points", "100").strip()
    row = lambda: next(r for r in shop.central("customers", "list", "--csv").splitlines() if customer in r)
    assert "not active" in row(), row()
    sale = shop.basket([MILK], card=BLUE_CARD)
    status, told = shop.api("POST", f"/v1/sales/{sale}/points", {"points": "10"})
    assert (status, told["error"]["code"]) == (409, "TB-5013"), told
    seen = quote(shop, sale)
    assert seen["customer"]["inactive"] and seen["quote"]["redeemable"] == "0.00", seen
    assert "not active yet (it will be once it is bought)" in str(seen["quote"]["why"]), seen["quote"]
    paid(shop, sale)
    wait_for("central to have it", shop.settled)
    sold = paid(shop, shop.basket([CARD, MILK], card=BLUE_CARD))
    card, milk = sold["lines"]
    assert (card["total"], card["accrued"]) == (card["price"], "0.00") and milk["accrued"] != "0.00", sold
    wait_for("central to have it", shop.settled)
    assert "registered" in row(), row()
    after = shop.basket([BREAD], card=BLUE_CARD, points="10")
    done = paid(shop, after)
    assert done["quote"]["redeemed"] == "10.00" and "inactive" not in done["customer"], done
    print("a card sold as goods: its points wait until it is bought")


def check_payment(shop):
    sale = shop.basket([BREAD])
    told = quote(shop, sale, payments=[{"kind": "sbp"}])["quote"]
    assert told["total"] == "53.41", told
    cash = shop.api("POST", f"/v1/sales/{sale}/pay", {
        "quote": told["id"], "payments": [{"tender": "cash", "amount": "53.41"}]})
    assert cash[0] == 409 and cash[1]["error"]["code"] == "TB-4004", cash
    paid(shop, sale)
    print("a way of payment is announced with the quote, and kept to")


def check_cap(shop):
    """Once a day in this store: by the journal, at two tills at once, after kill -9, and back with the return."""
    both = [shop.basket([VODKA]) for _ in range(2)]
    quotes = [quote(shop, sale)["quote"] for sale in both]
    assert [q["total"] for q in quotes] == ["400.00", "400.00"], quotes
    first = paid(shop, both[0])  # the seller's own points too
    late = shop.api("POST", f"/v1/sales/{both[1]}/pay", {
        "quote": quotes[1]["id"], "payments": [{"tender": "electronic", "amount": "400.00"}]})
    assert late[0] == 409 and late[1]["error"]["code"] == "TB-4004", late
    shop.kill_gateway()
    shop.start_gateway()
    shop.wait_register()
    again = quote(shop, both[1])["quote"]
    assert again["total"] == "420.00" and "used up" in str(again["why"]), again
    give_back(shop, first["id"], {"1": 1})
    assert quote(shop, both[1])["quote"]["total"] == "400.00"
    paid(shop, both[1])
    print("a cap of the store: two tills, kill -9 and a return")


def check_till(shop):
    """The terminal till: coupon CODE, by hand and by the scanner, in Russian."""
    till = Till(shop)
    till.type(f"scan {BREAD}")
    till.expect(r"\[scan\]")
    till.type("state")
    till.expect("к оплате 54.50")
    till.type("coupon 7700000032")
    till.expect("купон 7700000032: промокод принят")
    till.expect("к оплате 49.05")
    till.type("pay")
    till.expect(r"\] проведена")
    till.type(f"scan {BREAD}")
    till.expect(r"\[scan\]")
    till.type("scan 7700000032")
    till.expect(r"\[купон\] 7700000032")
    till.expect("купон уже использован")
    till.type("pay")
    till.expect(r"\] проведена")
    till.stop()
    print("tillbridge sale: coupon CODE, typed and scanned")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        shop.program = FILES / "loyalty.json"
        try:
            shop.start_all()
            for check in (check_once, check_elsewhere, check_alone, check_next, check_history, check_card_goods, check_payment,
                          check_cap, check_till):
                check(shop)
            wait_for("central to have everything", shop.settled)
        finally:
            shop.stop_all()
        wrong = audit.audit(shop.folder)
        assert not wrong, wrong
        for place, count in audit.places(shop.folder):
            for n in range(count if place in ("ledger.postings", "ledger.coupon_uses") else 0):
                for double in (False, True):
                    assert audit.spoiled_audit(shop.folder, place, n, double), f"{place} {n} {double} not noticed"
        print("audit: agrees, and notices every posting and coupon that is dropped or doubled")


if __name__ == "__main__":
    main()
