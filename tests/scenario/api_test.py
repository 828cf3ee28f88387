#!/usr/bin/env python3
"""openapi.yaml is true: every path it names answers, every state of a sale is in its list, and what
the routes know is in it. Plus the answers that must be the same twice.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from shop import GOLD_CARD, ROOT, Shop, wait_for

PHONE = "8 (916) 123-45-67"

SPEC = (ROOT / "gateway/api/openapi.yaml").read_text(encoding="utf-8")


def described():
    """[(method, path)] as the description has them."""
    path, out = None, []
    for line in SPEC.split("components:")[0].splitlines():
        if found := re.match(r"^  (/\S+):$", line):
            path = found.group(1)
        elif found := re.match(r"^    (get|post):", line):
            out.append((found.group(1).upper(), path))
    return out


def check_paths(shop):
    sale = shop.basket(["4601234567893"])
    for method, path in described():
        if path == "/v1/events":
            continue
        status, body = shop.api(method, path.replace("{sale}", sale).replace("{line}", "1").replace("{what}", "weigh"),
                                {} if method == "POST" else None)
        code = body.get("error", {}).get("code") if isinstance(body, dict) else None
        assert code not in ("TB-8003", "TB-8005"), f"{method} {path} is described but unknown: {status} {code}"
    source = (ROOT / "gateway/app/routes.cpp").read_text(encoding="utf-8")
    verbs = set(re.findall(r'verb == "([a-z-]+)"', source)) | set(re.findall(r'\{"([a-z-]+)", \{"(?:GET|POST)"', source))
    for verb in verbs:
        assert re.search(rf"/{verb}[:/]", SPEC), f"the routes know {verb}, the description does not"
    states = set(re.findall(r'"([a-z_]+)"', re.search(r"kStates = \{(.*?)\};", (
        ROOT / "gateway/checkout/states.cpp").read_text(), re.S).group(1)))
    listed = set(re.search(r"state: \{enum: \[(.*?)\]", SPEC).group(1).replace(" ", "").split(","))
    assert states == listed, states ^ listed
    print(f"{len(described())} described operations answer, {len(verbs)} verbs and {len(states)} states are described")


def check_keys(shop):
    """The same key and body: the same answer, one document; also after kill -9."""
    sale = shop.basket(["4607000000014"], card=GOLD_CARD)
    quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]
    body = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": "100.00"}]}
    first = shop.api("POST", f"/v1/sales/{sale}/pay", body, key="once")
    assert first[1]["state"] == "committed"
    again = shop.api("POST", f"/v1/sales/{sale}/pay", body, key="once")
    shop.kill_gateway()
    shop.start_gateway()
    after = shop.api("POST", f"/v1/sales/{sale}/pay", body, key="once")
    assert first == again == after, "the stored answer changed"
    other = shop.api("POST", f"/v1/sales/{sale}/pay", {**body, "payments": []}, key="once")
    assert other[0] == 409 and other[1]["error"]["code"] == "TB-4003"
    receipts = [d for d in shop.documents() if d["type"] == 3]
    assert len(receipts) == 1, f"{len(receipts)} receipts of one sale"
    # The process dies before it could answer: the same key then finds the payment it began.
    sale = shop.basket(["4607000000014"])
    quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]
    body = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": quote["total"]}]}
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="slow", ms=1500)
    paying = threading.Thread(target=lost_payment, args=(shop, sale, body))
    paying.start()
    wait_for("the document", lambda: len([d for d in shop.documents() if d["type"] == 3]) == 2)
    shop.kill_gateway()
    paying.join()
    shop.start_gateway()
    answer = wait_for("the outcome", lambda: (a := shop.api("POST", f"/v1/sales/{sale}/pay", body, key="lost"))[0] != 202 and a)
    assert answer[0] == 200 and answer[1]["state"] == "committed", answer
    assert len([d for d in shop.documents() if d["type"] == 3]) == 2
    print("one key: one answer, one document, also after kill -9 before and after the answer")


def lost_payment(shop, sale, body):
    try:
        shop.api("POST", f"/v1/sales/{sale}/pay", body, key="lost")
        raise AssertionError("the gateway answered before it was killed")
    except OSError:
        pass


def check_code(shop):
    """A code's proof stays with its sale: over a refused payment and a restart, bounded as it was."""
    sale = shop.basket(["4601234567893"])
    shop.sim("phone.clear")
    identify = lambda **body: shop.api("POST", f"/v1/sales/{sale}/identify", {"phone": PHONE, **body})
    assert identify(highest="20")[0] == 202
    text = shop.sim("phone.messages")["messages"][-1]["text"]
    code = re.search(r"\d{6}", text).group(0)
    points = lambda n: shop.api("POST", f"/v1/sales/{sale}/points", {"points": n})
    assert points("10")[1]["error"]["code"] == "TB-5010", "points before the code"
    shop.ok(identify(code=code))
    assert points("50")[1]["error"]["code"] == "TB-5008", "more than the code allows"
    shop.ok(points("20"))
    shop.sim("register.pull")
    wait_for("offline", lambda: not shop.api("GET", "/v1/health")[1]["register_online"])
    assert shop.pay(sale)[1]["trouble"]["code"] == "TB-3008"
    shop.kill_gateway()
    shop.start_gateway()
    shop.sim("register.plug")
    wait_for("online", lambda: shop.api("GET", "/v1/health")[1]["register_online"]
             and shop.api("GET", "/v1/health")[1]["central_online"])
    assert points("50")[1]["error"]["code"] == "TB-5008", "the bound was lost in the restart"
    status, body = shop.pay(sale)
    assert (status, body["state"]) == (200, "committed"), body
    assert identify(code=code)[0] >= 400, "the code worked twice"
    print("one code: one sale, one bound, also after a refused payment and kill -9")


def check_unprinted(shop):
    """Paper runs out after the document is fiscal: committed, not printed; continued, never again."""
    shop.sim("register.paper", state="out", during="print")
    sale = shop.basket(["4607000000021"])
    status, body = shop.pay(sale)
    assert (status, body["state"]) == (200, "committed"), body
    assert body["document"]["printed"] is False and body["trouble"]["code"] == "TB-3017", body
    before = len(shop.documents())
    shop.sim("register.paper", state="ok")
    shop.ok(shop.api("POST", "/v1/register/continue-printing", {}))
    assert len(shop.documents()) == before, "it was registered again"
    assert shop.ok(shop.api("GET", "/v1/register/status"))["state"]["waits_for_continue"] is False
    print("paper out after the document became fiscal: printed on, not registered again")


def check_person(shop):
    """Another fiscal memory while in doubt: only a senior can say, and is believed once."""
    shop.sim("register.fault", when="fiscal", at=1, side="after", what="cut")
    sale = shop.basket(["4607000000021"])
    status, _ = shop.pay(sale)
    assert status == 202
    document = shop.documents()[-1]
    shop.sim("register.replace")
    shop.sim("register.plug")
    wait_for("needs_person", lambda: shop.state(sale) == "needs_person", 60)
    body = {"document": {"fiscal_memory": "9999078900000001", "number": document["fd"], "sign": document["fpd"]}}
    assert shop.api("POST", f"/v1/sales/{sale}/settle", body)[0] == 403
    # As it stands on the paper, with zeros; the options behind the words.
    (shop.folder / "senior").write_text(shop.senior_token)
    words = ["9999078900000001", f"{document['fd']:010}", f"0{document['fpd']}"]
    done = subprocess.run([shop.bin / "tillbridge", "sale", "settle", sale, *words, "--url", f"http://127.0.0.1:{shop.port}",
                           "--token-file", shop.folder / "senior"], capture_output=True, text=True)
    assert done.returncode == 0, done
    settled = shop.ok(shop.api("GET", f"/v1/sales/{sale}"))
    assert settled["state"] == "settled_by_person" and settled["document"]["sign"] == document["fpd"], settled
    assert shop.api("POST", f"/v1/sales/{sale}/settle", body, token=shop.senior_token)[0] == 409
    wait_for("delivered", shop.settled)
    print("register replaced while in doubt: settled by a senior, once")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(pathlib.Path(folder), sys.argv[1] if len(sys.argv) > 1 else "dev", language="en")
        try:
            shop.start_all()
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "50")
            shop.central("customers", "add", "--phone-hash", shop.hash_of("phone", PHONE), "--points", "120")
            check_keys(shop)
            check_code(shop)
            check_paths(shop)
            check_unprinted(shop)
            check_person(shop)
            metrics = shop.api("GET", "/metrics")[1]
            assert "tillbridge_sales_committed_total" in metrics
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
