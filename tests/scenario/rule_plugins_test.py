#!/usr/bin/env python3
"""Rule plugins at a live till: asked before a quote, never waited for longer than their deadline; their
answer stays with the receipt. A plugin that is late, dead or talks nonsense takes its own offer away, no more.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from shop import Shop, wait_for

COFFEE, BREAD, MILK, CIGARETTES, VODKA, CARD = ("4601234567893", "4607000000014", "4607000000021", "4607000000038",
                                                "4607000000045", "4607000000052")
PROGRAM = {"schema": 2, "id": "plugins", "version": 1,
           "plugins": [{"id": "evening", "deadline_ms": 1500}, {"id": "odd", "deadline_ms": 400}],
           "rules": [{"id": "stale", "give": {"plugin": "evening"}, "limits": [{"amount": "100"}]},
                     {"id": "then", "when": {"plugin": "evening"}, "give": {"message": {"en": "evening", "ru": "вечер"}}},
                     {"id": "odd", "stage": "card", "when": {"customer": "unknown"}, "give": {"plugin": "odd"}}]}
DEVICES = '''
[[device]]
id = "evening"
plugin = "closing_hour"
port = "none"
[device.settings]
begin = "00:00"
end = "24:00"
most_percent = 50
[[device]]
id = "odd"
plugin = "odd_rule"
port = "none"
'''


def quote(shop, codes):
    sale = shop.basket(codes)
    begun = time.monotonic()
    shown = shop.ok(shop.api("POST", f"/v1/sales/{sale}/quote"))
    return sale, shown, time.monotonic() - begun


def words(shown):
    return " | ".join(w["text"] for w in shown["quote"]["why"])


def device(shop, name):
    return next(d for d in shop.ok(shop.api("GET", "/v1/devices"))["devices"] if d["id"] == name)


def online(shop, name):
    wait_for(f"{name} online", lambda: device(shop, name)["online"], 30)


def failures(shop, name, why):
    text = shop.api("GET", "/metrics")[1]
    line = f'tillbridge_rule_failures_total{{device="{name}",why="{why}"}}'
    return next((int(row.split()[-1]) for row in text.splitlines() if row.startswith(line)), 0)


def check_answers(shop):
    sale, shown, _ = quote(shop, [COFFEE, CIGARETTES])
    text = words(shown)
    # the whole coffee by the odd one, cigarettes at their full price by law
    assert shown["quote"]["total"] == "199.00", shown["quote"]
    assert "odd:" in text and "(odd)" in text and "stale:" in text and "evening" in text, text
    status, body = shop.pay(sale)
    assert (status, body["state"]) == (200, "committed"), body
    explained = subprocess.run([shop.bin / "tillbridge", "program", "explain", shop.folder / "store", sale], text=True,
                               capture_output=True, timeout=30, env={**os.environ, "LANG": "en"}).stdout
    assert "worked out again: the same" in explained and "(odd)" in explained, explained
    print("a custom condition and a custom reward; law, caps and the replay of the receipt hold")
    return sale


def check_trouble(shop):
    before = failures(shop, "odd", "late")
    _, shown, seconds = quote(shop, [BREAD])  # it sleeps a second
    assert "its plugin did not answer in time" in words(shown) and seconds < 0.95, (words(shown), seconds)
    assert failures(shop, "odd", "late") == before + 1
    time.sleep(1)
    _, shown, _ = quote(shop, [VODKA])
    assert "its plugin could not answer" in words(shown), words(shown)
    _, shown, _ = quote(shop, [COFFEE, CARD])  # more than the line costs
    assert "can not be used" in words(shown), words(shown)
    assert failures(shop, "odd", "invalid") == 1
    online(shop, "odd")
    _, shown, seconds = quote(shop, [MILK])  # it aborts
    text = words(shown)
    assert "its plugin is not running" in text and "stale:" in text and seconds < 1, (text, seconds)
    print("late, refused, nonsense, crashed: the offer is not given and the reason is in words")


def check_killed(shop):
    os.kill(device(shop, "evening")["pid"], signal.SIGKILL)
    _, shown, seconds = quote(shop, [COFFEE])
    assert "its plugin is not running" in words(shown) and seconds < 1.4, (words(shown), seconds)
    online(shop, "evening")
    online(shop, "odd")
    sale, shown, _ = quote(shop, [COFFEE])
    assert "stale:" in words(shown), words(shown)
    os.kill(device(shop, "evening")["pid"], signal.SIGSTOP)  # frozen: nobody waits for it
    _, shown, seconds = quote(shop, [COFFEE])
    assert "in time" in words(shown) and 1.4 < seconds < 2.4, (words(shown), seconds)
    os.kill(device(shop, "evening")["pid"], signal.SIGCONT)
    status, body = shop.api("POST", f"/v1/sales/{sale}/pay", {
        "quote": shop.ok(shop.api("GET", f"/v1/sales/{sale}"))["quote"]["id"],
        "payments": [{"tender": "electronic", "amount": "0.00"}]})
    assert status in (200, 409), body
    print("killed and frozen: the quote comes within the deadline, and it is asked again once it is back")


def check_strict(shop):
    """A program that names a plugin this store has not is refused at the start and while it runs."""
    folder = shop.folder
    for name in ("nobody", "printer"):
        program = {**PROGRAM, "version": 9, "plugins": [*PROGRAM["plugins"], {"id": name}],
                   "rules": [*PROGRAM["rules"], {"id": "x", "when": {"plugin": name}, "give": {"percent": "1"}}]}
        (folder / "other.json").write_text(json.dumps(program))
        config = (folder / "store.toml").read_text().replace(f'program = "{shop.program}"', f'program = "{folder}/other.json"')
        (folder / "other.toml").touch(0o600)
        (folder / "other.toml").write_text(config)
        done = subprocess.run([shop.bin / "tillbridge", "check", "--config", folder / "other.toml"], capture_output=True,
                              text=True, timeout=30)
        assert done.returncode != 0 and f"plugins.{name}" in done.stdout + done.stderr, done
    print("a program that asks a plugin the store has not: refused with the place")


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(f"{folder}/shop", sys.argv[1] if len(sys.argv) > 1 else "dev", "en")
        shop.folder.parent.mkdir(exist_ok=True)
        shop.program = shop.folder.parent / "program.json"
        shop.program.write_text(json.dumps(PROGRAM))
        plain = shop.config

        def config():
            plain()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as out:
                out.write(DEVICES)
        shop.config = config
        try:
            shop.start_all()
            for check in (check_answers, check_trouble, check_killed, check_strict):
                check(shop)
            wait_for("central to have everything", shop.settled)
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
