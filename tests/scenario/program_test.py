#!/usr/bin/env python3
"""The program of a live store: signed or refused, replaced while it runs, paused and resumed; receipts
of the past are explained and a day is worked out under another program.
"""
import datetime
import json
import os
import subprocess
import sys
import tempfile

from shop import FILES, GOLD_CARD, Shop, wait_for

BREAD, MILK = "4607000000014", "4607000000021"


class Owner:
    """Who publishes the program: writes versions of it, signs them or not."""

    def __init__(self, shop):
        self.shop = shop
        self.file = shop.folder.parent / "program.json"
        self.body = json.loads((FILES / "loyalty.json").read_text())
        self.key_file = shop.folder.parent / "owner.key"
        self.key = self.tool("key", self.key_file).strip()

    def tool(self, *words, check=True, language="en"):
        done = subprocess.run([self.shop.bin / "tillbridge", "program", *map(str, words)], capture_output=True, text=True,
                              timeout=60, env={**os.environ, "LANG": language})
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def publish(self, version, sign=True, **more):
        """As a careful publisher does: the whole file at once, the signature first."""
        fresh = self.file.with_name("fresh.json")
        fresh.write_text(json.dumps({**self.body, "version": version, **more}))
        if sign:
            self.tool("sign", fresh, self.key_file)
            os.replace(f"{fresh}.sig", f"{self.file}.sig")
        os.replace(fresh, self.file)


def total(shop):
    sale = shop.basket([MILK, BREAD])
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/codes", {"code": "7700000008"}))
    shown = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]["total"]
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/cancel"))
    return shown


def refused(shop):
    return (shop.folder / "logs" / "gateway.log").read_text().count("stays version")


def check_live(shop, owner):
    assert total(shop) == "129.96"
    owner.publish(2, paused=True)
    sale = shop.basket([MILK, BREAD])
    wait_for("the pause", lambda: shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]["total"] == "144.40"
             and "version 2" in (shop.folder / "logs" / "gateway.log").read_text())
    answer = shop.api("POST", f"/v1/sales/{sale}/codes", {"code": "7700000008"})
    if answer[0] == 200:
        assert shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]["total"] == "144.40", answer
    owner.publish(3)
    wait_for("the program to go on", lambda: total(shop) == "129.96")
    print("paused and resumed while the store sells")
    before = refused(shop)
    owner.publish(4, sign=False, rules=[])  # the old signature is beside it
    wait_for("the altered program to be refused", lambda: refused(shop) > before)
    assert total(shop) == "129.96", "an altered program is in force"
    check = subprocess.run([shop.bin / "tillbridge", "check", "--config", shop.folder / "store.toml"],
                           capture_output=True, text=True, timeout=30)
    assert check.returncode != 0 and "TB-6007" in check.stdout + check.stderr, check
    before = refused(shop)
    owner.publish(2)
    wait_for("an older version to be refused", lambda: refused(shop) > before)
    yesterday = (datetime.date.today() - datetime.timedelta(days=2)).isoformat()
    owner.publish(5, until=yesterday)
    wait_for("the end of the program", lambda: "version 5" in (shop.folder / "logs" / "gateway.log").read_text())
    sale = shop.basket([MILK, BREAD])
    assert shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]["total"] == "144.40", "it has ended"
    owner.publish(6)
    wait_for("the new one", lambda: total(shop) == "129.96")
    print("altered, unsigned and older programs are refused with TB-6007 or a reason; dates are obeyed")


def check_past(shop, owner):
    sale = shop.basket([MILK, BREAD], card=GOLD_CARD)
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/codes", {"code": "7700000008"}))
    status, sold = shop.pay(sale)
    assert status == 200, sold
    data = shop.folder / "store"
    text = owner.tool("explain", data, sale)
    assert "tenth: 14.44 off" in text and "worked out again: the same" in text, text
    assert "program version 6" in text and "the code works" in text, text
    by_document = owner.tool("explain", data, sold["document"]["number"], language="ru_RU.UTF-8")
    assert "пересчёт даёт то же" in by_document and sale in by_document, by_document
    assert "TB-4001" in owner.tool("explain", data, "no-such-receipt", check=False)
    other = owner.file.with_name("other.json")
    rules = [{**r, "give": {"percent": "20"}} if r["id"] == "tenth" else r for r in owner.body["rules"]]
    other.write_text(json.dumps({**owner.body, "version": 7, "rules": rules}))
    day = sold["document"]["time"][:10] or datetime.date.today().isoformat()
    days = {day, datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=3))).date().isoformat()}
    table = "".join(owner.tool("what-if", other, data, d) for d in days)
    assert "better off: 1 | -14.4" in table, table
    rows = "".join(owner.tool("what-if", other, data, d, "csv") for d in days)
    assert f"{sale}," in rows, rows
    back = shop.ok(shop.api("POST", "/v1/returns", {"number": "r1", "sale": sale, "lines": {"1": "1"}}))
    status, returned = shop.pay(back["id"])
    assert status == 200, returned
    table = "".join(owner.tool("what-if", other, data, d) for d in days)
    # the milk at 10 % off was 80.91, at 20 % 71.92: so much less is paid back
    assert "returns: 1 | 8.99" in table and "all: 2 | -5.4" in table, table
    rows = "".join(owner.tool("what-if", other, data, d, "csv") for d in days)
    assert f"{back['id']}," in rows and ",-80.91,-71.92," in rows, rows
    words = owner.tool("diff", owner.file, other)
    assert "«tenth»: percent off: 10 → 20" in words and "version: 6 → 7" in words, words
    assert "«tenth»: скидка, %: 10 → 20" in owner.tool("diff", owner.file, other, language="ru_RU.UTF-8")
    print("a past receipt is explained and comes to the same; a day under another program; a diff in words")


def check_central(shop, owner):
    """Central takes what its keys signed, and a program of ten thousand offers."""
    file = owner.file.with_name("central.json")
    many = [{"id": f"offer-{n}", "name": {"en": "An offer of the week", "ru": "Предложение недели"},
             "select": {"skus": [f"46070000{n:05}"]}, "give": {"percent": "5"}} for n in range(10_000)]
    file.write_text(json.dumps({**owner.body, "version": 7, "rules": owner.body["rules"] + many}, ensure_ascii=False))
    assert file.stat().st_size > 1 << 20

    def put():
        done = subprocess.run([shop.bin / "tillbridge-central", "program", "set", file, "--data", shop.folder / "central"],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr
    assert owner.key in shop.central("program", "trust", owner.key)
    code, words = put()
    assert code != 0 and "TB-6007" in words, words
    owner.tool("sign", file, owner.key_file)
    signed = file.read_text()
    file.write_text(signed.replace('"5"', '"6"'))
    code, words = put()
    assert code != 0 and "TB-6007" in words, words
    file.write_text(signed)
    code, words = put()
    assert code == 0 and "scenario 7" in words, words
    assert "TB-" in str(subprocess.run([shop.bin / "tillbridge-central", "program", "trust", "no key", "--data",
                                        shop.folder / "central"], capture_output=True, text=True, timeout=60))
    shop.central("program", "trust", owner.key, "--undo")
    print("central: unsigned and altered programs are refused, ten thousand offers are taken")


def check_templates(owner):
    for line in owner.tool("new").splitlines():
        kind = line.split()[0]
        fresh = owner.file.with_name("template.json")
        fresh.write_text(owner.tool("new", kind))
        owner.tool("check", fresh)
    said = owner.tool("new", "nonsense", check=False)
    assert "nonsense" in said and "supermarket" in said, said
    print("every template is a program that checks")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(f"{folder}/shop", sys.argv[1] if len(sys.argv) > 1 else "dev", "en")
        shop.folder.parent.mkdir(exist_ok=True)
        owner = Owner(shop)
        owner.publish(1)
        assert "version 1" in owner.tool("verify", owner.file, owner.key)
        assert "TB-6007" in owner.tool("verify", owner.file, "another key", check=False)
        shop.program = owner.file
        shop.store = f'program_keys = ["{owner.key}"]'
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD))
            check_live(shop, owner)
            check_past(shop, owner)
            check_central(shop, owner)
        finally:
            shop.stop_all()
        check_templates(owner)


if __name__ == "__main__":
    main()
