#!/usr/bin/env python3
"""`tillbridge sale`, the till in the terminal, when things do not go straight."""
import contextlib
import os
import re
import signal
import sys
import tempfile

import audit
from shop import GOLD_CARD, Shop, Till, wait_for

COFFEE, MILK = "4601234567893", "4607000000021"


@contextlib.contextmanager
def asleep(till):
    """The till is stopped: what is told meanwhile it never hears."""
    os.kill(till.p.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(till.p.pid, signal.SIGCONT)


def newest(shop):
    """The unfinished sale that was opened last; its line in the journal may be on its way yet."""
    return max(sale["id"] for sale in shop.ok(shop.api("GET", "/v1/sales"))["sales"])


def scan(till, code):
    till.type(f"scan {code}")
    till.expect(r"\[scan\]")
    till.type("state")
    return till.expect(r"к оплате ([0-9.]+)").group(1)


def missed_event(shop, till):
    """The gateway is killed and commits the sale while the till is away: the till learns it and goes on."""
    scan(till, COFFEE)
    sale = newest(shop)
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="slow", ms=1500)
    before = len(shop.documents())
    till.type("pay")
    wait_for("the document", lambda: len(shop.documents()) > before)
    with asleep(till):
        shop.kill_gateway()
        shop.start_gateway()
        wait_for("committed", lambda: shop.state(sale) == "committed")
    till.expect(r"Шлюз не запущен: 127\.0\.0\.1:\d+\. На его сокете никто не отвечает\. ")
    till.expect(r"чек ФД \d+, 399\.90, начислено [0-9.]+")
    till.expect(sale)
    shop.wait_register()
    assert scan(till, MILK) == "89.90", "the next scan opens a sale of its own"
    till.type("pay")
    till.expect(r"чек ФД")
    print("a till that missed the end of its sale reads it and goes on")


def refused_cancel(shop, till):
    """A sale in doubt cannot be cancelled: it stays, and its document is shown in the end."""
    scan(till, MILK)
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="cut")
    till.type("pay")
    till.expect(r"\] под вопросом")
    till.type("cancel")
    till.expect("TB-4002")
    log = shop.processes["gateway"].said()
    assert "warning device register: The connection to the device was lost: " in log, "the log says it in words"
    till.type("plug register")
    till.expect(r"чек ФД \d+, 89\.90")
    shop.wait_register()
    scan(till, MILK)
    till.type("cancel")
    till.expect(r"\[отменена\]")
    till.type("state")
    till.expect("нет открытой продажи")
    print("a cancel that was refused leaves the sale with the till")


def return_beside_a_sale(shop, till):
    """A return does not push an open sale aside."""
    scan(till, COFFEE)
    till.type("return last 1=1")
    till.expect("сначала закончите открытую продажу: pay или cancel")
    till.type("state")
    till.expect("к оплате 399.90")
    till.type("pay")
    till.expect("чек ФД")
    till.type("return last 1=1")
    till.expect("вернуть 399.90")
    till.type("pay")
    till.expect(r"чек ФД \d+, 399\.90 возвращено")
    print("a return waits for the open sale")


def balance_of_a_return(shop, till):
    """A return does not show the points the customer had before the sale as those there are now."""
    scan(till, COFFEE)
    till.type(f"swipe {GOLD_CARD}")
    till.expect(r"покупатель \S+, баллов 300\.00")
    till.type("pay")
    till.expect("чек ФД")
    till.type("return last 1=1")
    till.expect(r"покупатель \S+$")
    customer = shop.ok(shop.api("GET", f"/v1/sales/{newest(shop)}"))["customer"]
    assert "available" not in customer and customer["by"] == "card", customer
    till.type("pay")
    till.expect(r"чек ФД \d+, 387\.90 возвращено")
    print("a return shows no balance it does not know")


def wrong_phone(shop, till):
    """What the cashier is told about a number is in her language to the end."""
    till.type("phone 8916123")
    till.expect(r"TB-5002 Это не номер телефона\. Уточните")
    till.type("code 123456")
    till.expect("сначала phone НОМЕР, затем code ЦИФРЫ")
    till.type("cancel")
    till.expect(r"\[отменена\]")


def own_language(shop):
    """A till of another language than the store's: what its events say too."""
    till = Till(shop, language="en")
    try:
        shop.sim("scan", data="4600000000008", aim="]E0")
        till.expect(r"\[TB-4005\] These goods are not in the goods file\. Scan again")
    finally:
        till.stop()
    print("a till's events speak its own language")


def words(shop, till):
    """What devices are and do, in the till's language."""
    till.type("devices")
    till.expect(r"^  scanner  сканер  pty:\S+  работает  на связи$")
    shop.sim("printer.pull")
    till.expect(r"^\[printer\] нет связи$")
    shop.sim("printer.plug")
    till.expect(r"^\[printer\] на связи$")
    assert not re.search(r"\] [a-z_]+$", till.seen, re.M), till.seen
    print("states in the till's language")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "300")
            till = Till(shop)
            try:
                assert shop.pay(shop.basket([MILK]))[1]["state"] == "committed"  # the shift is open
                missed_event(shop, till)
                refused_cancel(shop, till)
                return_beside_a_sale(shop, till)
                balance_of_a_return(shop, till)
                wrong_phone(shop, till)
                words(shop, till)
            finally:
                till.stop()
            own_language(shop)
            wait_for("delivered", shop.settled)
        finally:
            shop.stop_all()
        wrong = audit.audit(shop.folder)
        assert not wrong, wrong


if __name__ == "__main__":
    main()
