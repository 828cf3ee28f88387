#!/usr/bin/env python3
"""Bad input is ordinary: each gets its catalogue error naming what to do; nothing crashes."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

import audit
from shop import GOLD_CARD, Shop, Till, wait_for

TEST_PAN = "4111111111111111"  # the payment systems' own test number


def code_of(answer):
    return answer[0], answer[1]["error"]["code"] if isinstance(answer[1], dict) and "error" in answer[1] else None


def http_cases(shop):
    """(what, wanted status and code, the answer)."""
    sale = shop.basket(["4601234567893"])
    post = lambda path, body, **kw: code_of(shop.api("POST", path, body, **kw))
    lines = f"/v1/sales/{sale}/lines"
    yield "no JSON", (400, "TB-1002"), post(lines, b"code=1")
    yield "half JSON", (400, "TB-1002"), post(lines, b'{"code": "1"')
    yield "unknown field", (400, "TB-1003"), post(lines, {"code": "1", "prise": "1"})
    yield "missing field", (400, "TB-1004"), post(lines, {})
    yield "misspelt field", (400, "TB-1003"), post(lines, {"cod": "4601234567893"})
    yield "a field given twice", (409, "TB-1011"), post(lines, b'{"code": "1", "code": "4601234567893"}')
    yield "wrong type", (400, "TB-1005"), post(lines, {"code": 1})
    yield "too deep", (400, "TB-1002"), post(lines, b"[" * 5000)
    yield "too large", (413, "TB-8004"), post(lines, b'{"code":"' + b"1" * 400_000 + b'"}')
    yield "no such goods", (404, "TB-4005"), post(lines, {"code": "4600000000008"})
    yield "wrong check digit", (422, "TB-2102"), post(lines, {"code": "4601234567890"})
    yield "quantity 0", (422, "TB-1006"), post(lines, {"code": "4601234567893", "quantity": "0"})
    yield "quantity 10^17", (422, "TB-1001"), post(lines, {"code": "4601234567893", "quantity": "1" + "0" * 17})
    yield "no such sale", (404, "TB-4001"), post("/v1/sales/00000000-0000-7000-8000-000000000000/quote", {})
    yield "not a sale", (404, "TB-4001"), post("/v1/sales/../../etc/passwd/quote", {})
    yield "no such route", (404, "TB-8003"), code_of(shop.api("GET", "/v1/nothing"))
    yield "wrong method", (405, "TB-8005"), code_of(shop.api("DELETE", f"/v1/sales/{sale}"))
    yield "wrong token", (401, "TB-8001"), code_of(shop.api("GET", "/v1/health", token="x"))
    yield "foreign Host", (403, "TB-8002"), code_of(shop.api("GET", "/v1/health", headers={"Host": "evil.example"}))
    yield "foreign Origin", (403, "TB-8002"), code_of(shop.api("GET", "/v1/health", headers={"Origin": "https://evil.example"}))
    yield "points without customer", (409, "TB-5010"), post(f"/v1/sales/{sale}/points", {"points": "5"})
    yield "unknown card", (404, "TB-5001"), post(f"/v1/sales/{sale}/identify", {"card": "2900000000032"})
    yield "payment card typed", (422, "TB-2104"), post(f"/v1/sales/{sale}/identify", {"card": TEST_PAN})
    for where in ("lines", "codes"):
        status, body = shop.api("POST", f"/v1/sales/{sale}/{where}", {"code": TEST_PAN})
        yield f"payment card among the {where}", (422, "TB-2104"), code_of((status, body))
        yield f"its digits from the {where}", False, TEST_PAN in str(body)
    for name in ("number", "cashier"):
        body = {"number": "n-1", "cashier": "Ivanova", name: "a\x1bd\x05\n"}
        yield f"control characters in {name}", (422, "TB-1006"), post("/v1/sales", body)
        yield f"control characters in a return's {name}", (422, "TB-1006"), post(
            "/v1/returns", {"sale": sale, "lines": {"1": "1"}, **body})
    yield "control characters at the register", (422, "TB-1006"), post("/v1/register/x-report", {"cashier": "a\n"},
                                                                       token=shop.senior_token)
    quote = {"quote": "x", "payments": [{"tender": "cash", "amount": "1"}, {"tender": "cash", "amount": "-1"}]}
    yield "a negative payment", True, "payments[1].amount" in str(shop.api("POST", f"/v1/sales/{sale}/pay", quote))
    for payments, wanted in (("x", "payments: нужен список в скобках"), ([{"tender": "cash", "amount": "1.005"}], "не больше 2 знаков")):
        answer = shop.api("POST", f"/v1/sales/{sale}/pay", {"quote": "x", "payments": payments}, headers={"Accept-Language": "ru"})
        yield f"{wanted}, told in Russian", True, wanted in str(answer)
    document = {"number": "n-2", "receipt": shop.receipt(["Coffee\x1b@"], 10000)}
    yield "its name", True, "receipt.lines[0].name" in str(shop.api("POST", "/v1/documents", document, token=shop.senior_token))
    yield "control characters on a receipt", (422, "TB-1006"), post("/v1/documents", document, token=shop.senior_token)
    yield "bad phone", (422, "TB-5002"), post(f"/v1/sales/{sale}/identify", {"phone": "12"})
    yield "code never sent", (410, "TB-5004"), post(f"/v1/sales/{sale}/identify", {"phone": "89161234567", "code": "000000"})
    yield "pay without a quote", (409, None), (409, None) if shop.api(
        "POST", f"/v1/sales/{sale}/pay", {"quote": "x", "payments": []})[0] == 409 else (0, None)
    yield "park with junk", (400, "TB-1003"), post(f"/v1/sales/{sale}/park", {"junk": 1})
    yield "negative highest", (422, "TB-1006"), post(f"/v1/sales/{sale}/identify", {"phone": "89161234567", "highest": "-5"})
    yield "quantity of millions", (422, "TB-1006"), post(lines, {"code": "4601234567893", "quantity": "99999999"})
    yield "settle by a cashier", (403, "TB-6005"), post(f"/v1/sales/{sale}/settle", {"no_document": True})
    for memory, wanted in ("9999078900000001", (400, "TB-1004")), ("02000001", (409, "TB-4010")):
        settled = {"document": {"fiscal_memory": memory, "number": 5}}
        yield f"a document of {memory} without its sign", wanted, post(f"/v1/sales/{sale}/settle", settled, token=shop.senior_token)
    quote = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))["quote"]
    short = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": "1"}]}
    numbers = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": 39990}]}
    yield "a payment in JSON's numbers", (400, "TB-1005"), post(f"/v1/sales/{sale}/pay", numbers)
    for path, body in ((lines, {"code": "4601234567893", "quantity": 1}), (f"{lines}/1", {"quantity": 1}),
                       (f"/v1/sales/{sale}/points", {"points": 5}),
                       (f"/v1/sales/{sale}/identify", {"phone": "89161234567", "highest": 5}),
                       ("/v1/returns", {"number": "n", "sale": sale, "lines": {"1": 1}})):
        yield f"a number at {path[-20:]}", (400, "TB-1005"), post(path, body)
    yield "cash in JSON's numbers", (400, "TB-1005"), post("/v1/register/cash", {"direction": "in", "amount": 100},
                                                           token=shop.senior_token)
    yield "payment too small", (422, "TB-4007"), post(f"/v1/sales/{sale}/pay", short)
    paid = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": quote["total"]}]}
    shop.ok(shop.api("POST", f"/v1/sales/{sale}/pay", paid, key="k"))
    paid["payments"][0]["amount"] = "9999"
    yield "same key, other payload", (409, "TB-4003"), post(f"/v1/sales/{sale}/pay", paid, key="k")
    yield "pay again", (409, "TB-4002"), post(f"/v1/sales/{sale}/pay", paid)


def device_cases(shop):
    """What arrives from scanner and reader, as the till shows it."""
    till = Till(shop)
    cases = [("wrong check digit", "scan", {"data": "4601234567890", "aim": "]E0"}, "TB-2102"),
             ("unknown goods", "scan", {"data": "4600000000008", "aim": "]E0"}, "TB-4005"),
             ("garbage", "scan", {"raw_hex": "00 01 02 FE FF"}, "TB-2103"),
             ("100 kB code", "scan", {"raw_hex": "41" * 100_000 + "0D"}, "TB-2101"),
             ("payment card", "swipe", {"track1": f"B{TEST_PAN}^TEST/CARD^28121010000000000000",
                                        "track2": f"{TEST_PAN}=28121010000000000"}, "TB-2104"),
             ("malformed track", "swipe", {"raw_hex": "3B 31 32 33 0D"}, "TB-2105"),
             ("a good scan after all that", "scan", {"data": "4601234567893"}, r"\[scan\]")]
    try:
        for what, verb, args, wanted in cases:
            shop.sim(verb, **args)
            till.expect(wanted, 15)
            yield what, wanted, wanted
    finally:
        till.stop()


def file_cases(shop):
    """Settings, goods and program files with a mistake: the gateway says which and does not start."""
    good = (shop.folder / "store.toml").read_text()
    files = pathlib.Path(__file__).parent / "store"
    goods, program = (files / "goods.json").read_text(), (files / "program.json").read_text()

    def run(what, toml=good, goods_text=goods, program_text=program, language="C"):
        env = {**os.environ, "LANG": language, "LC_ALL": language}
        (shop.folder / "g.json").write_text(goods_text)
        (shop.folder / "p.json").write_text(program_text)
        toml = toml.replace(str(files / "goods.json"), "g.json").replace(str(files / "program.json"), "p.json")
        (shop.folder / "bad.toml").write_text(toml.replace('data = "store"', 'data = "other"'))
        done = subprocess.run([shop.bin / "tillbridge", "run", "--config", shop.folder / "bad.toml"],
                              capture_output=True, text=True, timeout=20, env=env)
        assert done.returncode == 1, f"{what}: exit {done.returncode}"
        checked = subprocess.run([shop.bin / "tillbridge", "check", "--config", shop.folder / "bad.toml"],
                                 capture_output=True, text=True, timeout=20, env=env)
        said = re.sub(r"(?m)^\d{4}-\d\d-\d\dT.*\n", "", done.stderr)  # without the log
        assert checked.returncode == 1 and checked.stderr == said, f"{what}: {said} but check says {checked.stderr}"
        return done.stderr
    yield "a device without a port", r"device register: port is missing.*TB-9001", run("port", re.sub(r'port = "pty:dev/register"\n', "", good))
    yield "a port of no known form", (r'port: "com1" is none of serial:PATH@BAUD,8N1 \| tcp:HOST:PORT \| usb:VID:PID \| '
                                      r'pty:PATH.*TB-9001'), run("com1", good.replace("pty:dev/register", "com1"))
    for what in ("goods", "program", "central_key"):
        lost = re.sub(rf'(?m)^{what} = .*$', f'{what} = "lost.json"', good)
        yield f"no {what} file", r"lost\.json: there is no such file.*TB-9001", run(what, lost)
        yield f"no {what} file, in Russian", r"lost\.json: такого файла нет", run(what, lost, language="ru_RU.UTF-8")
    hashes = re.findall(r'token_hash = "(\w+)"', good)
    yield "one token for two tills", r"have the same token_hash.*TB-9001", run("hash", good.replace(hashes[1], hashes[0]))
    yield "two tills of one name", r"two tills are called 1.*TB-9001", run("till", good.replace('id = "senior"', 'id = "1"'))
    yield "a hash that is none", r"till 1: token_hash must be made with.*TB-9001", run("nohash", good.replace(hashes[0], "z" * 64))
    yield "a key that is none", r"secrets\.store_key must be 64.*TB-9001", run("storekey", re.sub(r'store_key = "\w+"', 'store_key = "abc"', good))
    yield "an unknown key", r"unknown key store\.colour.*TB-9001", run("key", good.replace("[store]", '[store]\ncolour = "red"'))
    yield "no TOML", r"TB-9001", run("toml", "[store")
    yield "an unknown field in the goods", r"(?s)TB-1003", run("goods", goods_text=goods.replace('"name"', '"nmae": "x", "name"', 1))
    yield "a misspelt field of the goods", r"nmae \(name\?\).*TB-1003", run("slip", goods_text=goods.replace('"name"', '"nmae"', 1))
    yield "a negative percent", r"TB-1007", run("program", program_text=program.replace('"5"', '"-5"'))
    yield "an unknown field in the program", r"TB-1003", run("program", program_text=program.replace('"redeem"', '"reedem"'))
    yield "a setting no plugin has", r"TB-9001", run("setting", good.replace('[device.settings]', '[device.settings]\nspeed = 1'))
    yield "codes through no device", r"codes\.channel: no device nosms.*TB-9001", run("channel", good.replace('channel = "sms"', 'channel = "nosms"'))
    yield "the API on every network", r"must be loopback.*TB-9001", run("listen", re.sub(r'listen = "127.0.0.1', 'listen = "0.0.0.0', good))
    typo = subprocess.run([shop.bin / "tillbridge-central", "purchases", "--data", shop.folder / "typo"],
                          capture_output=True, text=True, timeout=20)
    yield "a folder of central that is none", r"typo/central\.db.*TB-1008|TB-1008.*typo/central\.db", typo.stderr
    assert not (shop.folder / "typo").exists()
    yield from command_cases(shop)
    second = subprocess.run([shop.bin / "tillbridge", "run", "--config", shop.folder / "store.toml"],
                            capture_output=True, text=True, timeout=20)
    yield "a second gateway", r"TB-9002", second.stderr


def command_cases(shop):
    """What is mistyped on a command line, in both languages."""
    url, token = f"http://127.0.0.1:{shop.port}", shop.folder / "token"
    data = ["--data", shop.folder / "central"]
    there = shop.folder / "token"
    cases = [("no token file", ["tillbridge", "sale", "--url", url, "--token-file", "nix"],
              r"nix: there is no such file.*TB-1008", r"nix: такого файла нет.*TB-1008"),
             ("an empty token file", ["tillbridge", "devices", "--url", url, "--token-file", "/dev/null"],
              r"/dev/null: no token inside.*TB-1008", r"/dev/null: внутри нет токена.*TB-1008"),
             ("no address", ["tillbridge", "sale", "--url", "foo", "--token-file", token],
              r"cannot be understood: --url foo.*TB-1012", r"Значение непонятно: --url foo.*TB-1012"),
             ("no address of a register", ["tillbridge", "register", "status", "--url", "foo", "--token-file", token],
              r"cannot be understood.*TB-1012", r"Значение непонятно.*TB-1012"),
             ("a register that may not be armed", ["tillbridge", "register", "arm", "1", "--url", url, "--token-file", token],
              r"TB-6005 (?!.*[а-я])", r"TB-6005 [А-Я]"),
             ("a number of the paper that is none", ["tillbridge", "sale", "settle", "x", "1", "12x", "7", "--url", url, "--token-file", token],
              r"number 12x: digits only.*TB-1012", r"номер 12x: только цифры.*TB-1012"),
             ("a key file that exists", ["tillbridge-central", "store", "add", "shop-2", "--out", there, *data],
              r"token is there already.*TB-1011", r"token уже есть.*TB-1011"),
             ("a balance of nobody", ["tillbridge-central", "balance", *data],
              r"--card-hash.*TB-1004", r"Нет обязательного поля.*TB-1004")]
    for what, command, english, russian in cases:
        for language, wanted in (("C", english), ("ru_RU.UTF-8", russian)):
            done = subprocess.run([shop.bin / command[0], *command[1:]], capture_output=True, text=True, timeout=20,
                                  stdin=subprocess.DEVNULL, env={**os.environ, "LANG": language, "LC_ALL": language})
            assert done.returncode == 1, f"{what}: exit {done.returncode}"
            yield f"{what}, {language}", wanted, done.stderr


def raw_http(shop):
    """Bytes that are no HTTP, and a client that never finishes: the others are still served."""
    slow = socket.create_connection(("127.0.0.1", shop.port))
    slow.sendall(b"POST /v1/sales HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
    with socket.create_connection(("127.0.0.1", shop.port)) as s:
        s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert s.recv(100)[:12] in (b"HTTP/1.1 400", b""), "not HTTP"
    assert shop.api("GET", "/v1/health")[0] == 200
    slow.close()


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev", language="en")
        try:
            shop.start_all()
            daemon = shop.processes["gateway"].p.pid
            for cases in (http_cases(shop), device_cases(shop)):
                for what, wanted, got in cases:
                    good = wanted == got
                    failed += not good
                    print(f"{'ok  ' if good else 'FAIL'} {what}: {got}" + ("" if good else f", wanted {wanted}"))
            for what, wanted, text in file_cases(shop):
                good = re.search(wanted, text) is not None
                failed += not good
                print(f"{'ok  ' if good else 'FAIL'} {what}: {text.strip()[:150]}")
            raw_http(shop)
            shop.central("customers", "add", "--card-hash", shop.hash_of("card", GOLD_CARD), "--points", "5")
            shop.processes["central"].stop()
            wait_for("central gone", lambda: not shop.api("GET", "/v1/health")[1]["central_online"], 40)
            sale = shop.basket(["4601234567893"], card=GOLD_CARD)
            customer = shop.api("GET", f"/v1/sales/{sale}")[1]["customer"]
            assert customer["verified"] is False, "offline a card earns as unverified"
            assert shop.pay(sale)[1]["state"] == "committed"
            shop.start_central()
            wait_for("delivered", shop.settled, 60)
            assert shop.processes["gateway"].p.pid == daemon and shop.processes["gateway"].alive()
        finally:
            shop.stop_all()
        failed += len(audit.audit(shop.folder))
        for name in ("store/journal.db", "store/journal.db-wal", "logs/gateway.log", "central/central.db"):
            data = (shop.folder / name).read_bytes() if (shop.folder / name).exists() else b""
            for secret in (TEST_PAN, GOLD_CARD):
                if secret.encode() in data:
                    failed += 1
                    print(f"FAIL {name} holds the number {secret[:4]}…")
    assert failed == 0, f"{failed} cases failed"
    print("all bad input was answered, nothing was lost")


if __name__ == "__main__":
    main()
