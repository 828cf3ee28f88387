#!/usr/bin/env python3
"""The demo: a whole shop on this machine. Without arguments a person plays; --once plays by itself.

Everything is real but the hardware: bytes leave a virtual scanner, become a customer with points, a
fiscal document, a printed receipt and a line in the central ledger.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import audit
from shop import GOLD_CARD, ROOT, SILVER_CARD, Shop, Till, wait_for

COFFEE, BREAD, MILK, CIGARETTES = "4601234567893", "4607000000014", "4607000000021", "4607000000038"
PHONE = "8 (916) 123-45-67"


def title(text):
    print(f"\n\033[1;32m=== {text}\033[0m", flush=True)


def say(shop, english, russian):
    """What the demo itself tells, in the till's language."""
    return russian if shop.language == "ru" else english


def scan(till, *codes):
    for code in codes:
        till.type(f"scan {code}")
        till.expect(r"\[scan\]")
        # The till puts the line into the sale; its next answer shows that.
        till.type("state")
        till.expect("к оплате|to pay")


def commit(till, pay="pay"):
    """Pays, waits for the document; the sale's id."""
    till.type(pay)
    till.expect(r"\] (committed|проведена)")
    return till.expect(r"([0-9a-f]{8}-[0-9a-f-]{27})").group(1)


def card_sale(shop, till):
    title(say(shop, "1. a sale with a card: the gold card gives 3 %, the receipt earns 5 %",
              "1. продажа с картой: золотая карта даёт 3 %, чек приносит 5 %"))
    scan(till, COFFEE, COFFEE, BREAD, CIGARETTES)
    till.type(f"swipe {GOLD_CARD}")
    till.expect(r"покупатель|customer")
    return commit(till)


def phone_sale(shop, till):
    title(say(shop, "2. a sale by phone and one-time code, paid partly with points",
              "2. продажа по телефону и одноразовому коду, часть оплачена баллами"))
    scan(till, COFFEE, MILK)
    till.type(f"phone {PHONE}")
    code = till.expect(r"\[\+7\d+\].*?(\d{6})").group(1)
    till.type(f"code {code}")
    till.expect(r"покупатель|customer")
    till.type("points 50")
    till.expect(r"к оплате|to pay")
    return commit(till)


def cable_sale(shop, till):
    title(say(shop, "3. two equal baskets; in the second the cable is cut just after the document became fiscal,"
              "\n    and another till prints an equal receipt meanwhile",
              "3. две одинаковые продажи; во второй кабель выдернут сразу после того, как чек стал фискальным,"
              "\n    а другая касса тем временем пробивает такой же"))
    scan(till, MILK)
    commit(till)
    scan(till, MILK)
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="cut")
    before = len(shop.documents())
    till.type("pay")
    till.expect(r"\] (in_doubt|под вопросом)")
    wait_for("the document", lambda: len(shop.documents()) > before)
    shop.sim("register.foreign", total=8990)
    print(say(shop, "  (the register printed a foreign receipt of 89.90)", "  (касса пробила чужой чек на 89.90)"))
    till.type("plug register")
    till.expect(r"\] (committed|проведена)")
    return till.expect(r"([0-9a-f]{8}-[0-9a-f-]{27})").group(1)


def killed_sale(shop, till):
    title(say(shop, "4. kill -9 of the gateway just after the document became fiscal",
              "4. kill -9 шлюза сразу после того, как чек стал фискальным"))
    scan(till, COFFEE, BREAD)
    till.type(f"swipe {GOLD_CARD}")
    till.expect(r"покупатель|customer")
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="slow", ms=1500)
    before = len(shop.documents())
    # The till waits for an answer that never comes, and asks again once the gateway is back.
    till.type("pay")
    wait_for("the document", lambda: len(shop.documents()) > before)
    shop.kill_gateway()
    print("  (kill -9 tillbridge)")
    shop.start_gateway()
    till.expect(r"\] (committed|проведена)")
    return till.expect(r"([0-9a-f]{8}-[0-9a-f-]{27})").group(1)


def partial_return(shop, till, sold):
    title(say(shop, "5. one of the two packs of coffee comes back", "5. возвращают одну из двух пачек кофе"))
    till.type(f"return {sold} 1=1")
    till.expect(r"вернуть|to pay back")
    return commit(till)


def scripted(shop):
    till = Till(shop, echo=True)
    first = card_sale(shop, till)
    phone_sale(shop, till)
    cable_sale(shop, till)
    killed_sale(shop, till)
    partial_return(shop, till, first)
    till.stop()
    wait_for("central to have everything", shop.settled)
    title(say(shop, "the receipt of the first sale, as it was printed", "чек первой продажи, как он напечатан"))
    document = audit.rows(shop.folder / "store" / "journal.db",
                          f"SELECT fiscal_document FROM sales WHERE id = '{first}'")[0]["fiscal_document"]
    print((shop.folder / "register" / "paper" / f"fd-{document:06}.txt").read_text())
    title("tillbridge-central purchases")
    print(shop.central("purchases", "--lang", shop.language))


def prove(shop):
    title(say(shop, "proof: documents in the register, sales in the journal, postings in the ledger",
              "доказательство: документы в кассе, продажи в журнале, проводки в центре"))
    print(audit.table(shop.folder))
    wrong = audit.audit(shop.folder)
    for sentence in wrong:
        print(f"WRONG  {sentence}")
    print("audit: " + (say(shop, "FAILED", "НЕ СХОДИТСЯ") if wrong else
                       say(shop, "the register, the journal and the ledger agree", "касса, журнал и центр сходятся")))
    folder = os.path.relpath(shop.folder)
    print(say(shop, f"everything is in {folder}: receipts in register/paper and printer, logs in logs",
              f"всё лежит в {folder}: чеки в register/paper и printer, журналы работы в logs"))
    return 1 if wrong else 0


def interactive(shop):
    def keep_gateway_alive():
        while "gateway" in shop.processes:
            if not shop.processes["gateway"].alive():
                try:
                    shop.start_gateway()
                except (RuntimeError, TimeoutError, OSError):
                    pass
            time.sleep(0.3)
    threading.Thread(target=keep_gateway_alive, daemon=True).start()
    senior = shop.folder / "senior-token"
    senior.write_text(shop.senior_token)
    senior.chmod(0o600)
    print(say(shop, "In another terminal, as a senior: ", "В другом терминале, как старший: ") + " ".join(map(str, [
        os.path.relpath(shop.bin / "tillbridge"), "register", "status", "--url", f"http://127.0.0.1:{shop.port}",
        "--token-file", os.path.relpath(senior)])))
    print(say(shop, f"Goods: {COFFEE} coffee, {BREAD} bread, {MILK} milk, {CIGARETTES} cigarettes. "
              f"Cards: {GOLD_CARD}, {SILVER_CARD}. Phone: {PHONE}",
              f"Товары: {COFFEE} кофе, {BREAD} хлеб, {MILK} молоко, {CIGARETTES} сигареты. "
              f"Карты: {GOLD_CARD}, {SILVER_CARD}. Телефон: {PHONE}"))
    subprocess.run([shop.bin / "tillbridge", "sale", "--url", f"http://127.0.0.1:{shop.port}",
                    "--token-file", shop.folder / "token", "--sim", shop.folder / "control.sock",
                    "--senior-token-file", shop.folder / "senior-token",
                    "--gateway-pid", shop.folder / "gateway.pid", "--language", shop.language], check=False)
    wait_for("central to have everything", shop.settled, 60)


def locale():
    """As all commands choose their language."""
    return next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="play the script and end")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--folder", default=str(ROOT / "build" / "demo"))
    parser.add_argument("--language", default="ru" if locale().startswith("ru") else "en")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    shop = Shop(args.folder, args.preset, args.language)
    try:
        shop.start_all()
        shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD),
                     "--card-type", "gold", "--points", "300", "--card-label", "0018")
        shop.central("customers", "add", "--card-hash", shop.hash_of("card", SILVER_CARD),
                     "--points", "40", "--card-label", "0025")
        shop.central("customers", "add", "--phone-hash", shop.hash_of("phone", PHONE), "--points", "120")
        (scripted if args.once else interactive)(shop)
    finally:
        shop.stop_all()
    return prove(shop)


if __name__ == "__main__":
    sys.exit(main())
