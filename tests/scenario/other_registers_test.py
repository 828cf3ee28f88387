#!/usr/bin/env python3
"""The same sale on every other register: sold, its cable pulled in the middle, part of it returned."""
import pathlib
import shutil
import sys
import tempfile
import threading
import time

from shop import FILES, Shop, wait_for

COFFEE, BREAD = "4601234567893", "4607000000014"


def datecs(ports):
    return "register_datecs", f"tcp:127.0.0.1:{ports['datecs']}", ""


def atol_web(ports):
    return "register_atol_web", "none", f'[device.settings]\nurl = "http://127.0.0.1:{ports["atol"]}"\n'


def use(shop, name):
    """The shop gets that register, and goods of its country: Datecs knows Bulgaria's taxes only."""
    shop.other_register = {"datecs": datecs, "atol": atol_web}.get(name)
    if name == "numbered":  # the usual register by its other protocol; the driver finds out
        shop.sim_options = ("--register-protocol", "numbered")
    if name == "datecs":
        shop.goods = FILES / "goods_bg.json"


def use_library(shop):
    """ATOL's library, played by a stand-in. The vendor's files lie apart from the store's; returns their folder."""
    vendor = pathlib.Path(f"{shop.folder}.vendor")
    vendor.mkdir()
    library = vendor / "libfptr10.so"
    shutil.copy(shop.bin.parent / "lib/fptr10_standin/libfptr10.so", library)
    (vendor / "libfptr10.so.state").touch()
    shop.store = 'direct_plugins = ["register_atol"]'
    shop.other_register = lambda ports: ("register_atol", "none", f'[device.settings]\nlibrary = "{library}"\n')
    return vendor


def receipts(shop, sim):
    """(kind, total) of every receipt in the register's own memory."""
    return [d for d in shop.sim(f"{sim}.documents")["documents"] if d.get("total") and d.get("kind") != "cancelled"]


def check(shop, sim, name):
    state = shop.ok(shop.api("GET", "/v1/register/status"))["state"]
    shop.arm(state["fiscal_memory"])
    before = len(receipts(shop, sim))
    sale = shop.basket([COFFEE, BREAD])
    status, body = shop.pay(sale)
    assert body["state"] == "committed", body
    assert len(receipts(shop, sim)) == before + 1
    for wait in (0.02, 0.1, 0.3, 0.6):  # the cable goes at some moment of the sale and comes back
        again = shop.basket([COFFEE, BREAD])
        paying = threading.Thread(target=shop.pay, args=(again,))
        paying.start()
        time.sleep(wait)
        shop.sim(f"{sim}.pull")
        time.sleep(0.5)
        shop.sim(f"{sim}.plug")
        paying.join(60)
        wait_for("a verdict", lambda: shop.state(again) in ("committed", "quoted"), 60)
        if shop.state(again) == "quoted":
            shop.wait_register()
            wait_for("paid", lambda: shop.pay(again)[1].get("state") == "committed", 60)
    assert len(receipts(shop, sim)) == before + 5, "a document too many or too few"
    shop.wait_register()
    check_away(shop, sim)
    back = shop.ok(shop.api("POST", "/v1/returns", {"number": "back-1", "cashier": "Анна", "sale": sale, "lines": {"2": "1"}}))
    refund = {"quote": back["quote"]["id"], "payments": [{"tender": "electronic", "amount": back["quote"]["total"]}]}
    paid = shop.ok(shop.api("POST", f"/v1/sales/{back['id']}/pay", refund))
    assert paid["state"] == "committed", paid
    assert len(receipts(shop, sim)) == before + 6
    check_full(shop, sim)
    if sim != "register":
        check_settings(shop)
    check_long(shop, name)
    assert len(receipts(shop, sim)) == before + (7 if sim == "register" else 8)
    assert shop.api("POST", "/v1/register/close-shift", {}, token=shop.senior_token)[0] == 200
    assert shop.api("POST", "/v1/register/clock", {}, token=shop.senior_token)[0] == 200, "a closed day, and the clock is refused"
    if name == "Datecs":
        check_rates(shop)
    wait_for("delivered", shop.settled)
    check_own_papers(shop)
    print(f"{name}: five sales with the cable pulled, one return, one document each")


def check_away(shop, sim):
    """Without its cable its last state is told, and why there is no newer one."""
    known = shop.ok(shop.api("GET", "/v1/register/status"))
    assert known["in_doubt"] == [], known
    shop.sim(f"{sim}.pull")
    away = shop.ok(shop.api("GET", "/v1/register/status"))
    assert away["problem"] and away["in_doubt"] == [] and away["online"] is False, away
    assert away["state"]["last_document"] == known["state"]["last_document"], away
    assert shop.api("GET", "/v1/health")[1]["register_online"] is False
    shop.sim(f"{sim}.plug")
    shop.wait_register()


def check_settings(shop):
    """Its tables are its maker's business: neither written nor taken back from here."""
    for path, body in ("2/1/2", {"value": "x"}), ("undo", {}):
        status, refused = shop.api("POST", f"/v1/register/settings/{path}", body, token=shop.senior_token)
        assert (status, refused["error"]["code"]) == (501, "TB-2013"), refused


def check_rates(shop):
    """A tax group that is not what the settings say sells nothing; put right, it does."""
    shop.sim("datecs.config", rate_b=900)
    sale = shop.basket([COFFEE])
    trouble = shop.pay(sale)[1]["trouble"]
    assert trouble["code"] == "TB-9001" and "tax_groups B" in trouble["detail"], trouble
    shop.sim("datecs.config", rate_b=2000)
    assert shop.pay(sale)[1]["state"] == "committed"


def check_full(shop, sim):
    """A memory that takes no more is told before, and then by its name: no cashier can mend it."""
    shop.sim(f"{sim}.config", memory_holds=len(shop.sim(f"{sim}.documents")["documents"]))
    warned = shop.ok(shop.api("GET", "/v1/register/status"))["warnings"]
    assert {"memory", "documents"} & {w["what"] for w in warned}, warned
    sale = shop.basket([COFFEE])
    trouble = shop.pay(sale)[1]["trouble"]
    assert (trouble["code"], trouble["who"]) == ("TB-3019", "integrator"), trouble
    shop.sim(f"{sim}.config", memory_holds=200000)
    assert shop.pay(sale)[1]["state"] == "committed"


def check_long(shop, name):
    """As many lines as a receipt may have; one more is refused before anything is sent."""
    for count, code in (501, "TB-4008"), (500, None):
        receipt = shop.receipt([f"Артикул {i}" for i in range(count)], 100)
        for line in receipt["lines"]:
            line["tax"]["rate"] = 2000 if name == "Datecs" else 2200
        status, opened = shop.api("POST", "/v1/documents", {"number": f"long-{count}", "receipt": receipt}, token=shop.senior_token)
        if code:
            assert opened["error"]["code"] == code, opened
            continue
        pay = {"quote": opened["quote"]["id"], "payments": [{"tender": "cash", "amount": opened["quote"]["total"]}]}
        status, paid = shop.api("POST", f"/v1/sales/{opened['id']}/pay", pay, token=shop.senior_token)
        if name.startswith("Shtrih"):  # its receipt is full sooner, which only the register knows
            assert status == 422 and paid["trouble"]["code"] == "TB-4008", paid
            assert not shop.ok(shop.api("GET", "/v1/register/status"))["state"]["document_open"]
            shop.ok(shop.api("POST", f"/v1/sales/{opened['id']}/cancel", {}, token=shop.senior_token))
        else:
            assert paid["state"] == "committed", paid


def check_own_papers(shop):
    """Some registers number what is no receipt with their documents; ours are not somebody else's."""
    assert shop.pay(shop.basket([COFFEE]))[1]["state"] == "committed"
    shop.ok(shop.api("POST", "/v1/register/copy", {}))
    shop.ok(shop.api("POST", "/v1/register/x-report", {}))
    for direction in "in", "out":
        body = {"direction": direction, "amount": "5.00"}
        shop.ok(shop.api("POST", "/v1/register/cash", body, token=shop.senior_token))
    body["amount"] = "900000.00"
    short = shop.api("POST", "/v1/register/cash", body, token=shop.senior_token)
    assert "not enough cash" in str(short), short
    shop.ok(shop.api("POST", "/v1/register/close-shift", {}, token=shop.senior_token))
    wait_for("everything read", lambda: shop.ok(shop.api("GET", "/v1/register/status"))["unread"] == [], 90)
    wait_for("told to central", shop.settled)
    assert "TB-3013" not in shop.central("alarms"), shop.central("alarms")


def check_library(shop):
    """ATOL's own library, played by a stand-in: there is no cable to pull, so the gateway dies."""
    def state():
        return shop.ok(shop.api("GET", "/v1/register/status"))["state"]

    shop.arm(state()["fiscal_memory"])
    assert shop.pay(shop.basket([COFFEE, BREAD]))[1]["state"] == "committed"
    before = state()["last_document"]
    for wait in (0.01, 0.05, 0.15):
        sale = shop.basket([COFFEE])
        paying = threading.Thread(target=pay_quietly, args=(shop, sale))
        paying.start()
        time.sleep(wait)
        shop.kill_gateway()
        paying.join(30)
        shop.start_gateway()
        shop.wait_register()
        wait_for("a verdict", lambda: shop.state(sale) in ("committed", "quoted", "open"), 60)
        if shop.state(sale) != "committed":
            assert shop.pay(sale)[1]["state"] == "committed"
    assert state()["last_document"] == before + 3, "a document too many or too few"
    wait_for("delivered", shop.settled)
    print("ATOL's library: four sales, the gateway killed in three of them, one document each")


def pay_quietly(shop, sale):
    try:
        shop.pay(sale)
    except OSError:
        pass  # the gateway died under it


def main():
    preset = sys.argv[1] if len(sys.argv) > 1 else "dev"
    for name, sim, register in (("Datecs", "datecs", "datecs"), ("ATOL web server", "atol", "atol"),
                                ("Shtrih-M, protocol 2", "register", "numbered")):
        with tempfile.TemporaryDirectory() as folder:
            shop = Shop(folder, preset)
            use(shop, register)
            try:
                shop.start_all(armed=False)
                check(shop, sim, name)
            finally:
                shop.stop_all()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, preset)
        vendor = use_library(shop)
        try:
            shop.start_all(armed=False)
            check_library(shop)
        finally:
            shop.stop_all()
            shutil.rmtree(vendor, ignore_errors=True)


if __name__ == "__main__":
    main()
