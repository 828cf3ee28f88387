#!/usr/bin/env python3
"""A package that may not run costs its device and nothing else; a changed one never runs.

Broken manifests, a byte more in a signed folder, a folder that is gone, `direct` nobody granted, a
library exchanged under a running plugin, and at last the register's own driver.
"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from plugins_test import package, said
from shop import Shop, wait_for

# Device -> what is wrong with its folder, and the code it is shown with.
UNFIT = {"touched": (lambda f: (f / "README.md").open("a").write("x"), "TB-2015"),
         "added": (lambda f: (f / ".DS_Store").write_text("x"), "TB-2015"),
         "broken": (lambda f: (f / "manifest.json").write_text('{"schema":1'), "TB-2012"),
         "gone": (shutil.rmtree, "TB-2007"),
         "unnamed": (lambda f: None, "TB-2021")}


def main():
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        shop = Shop(work / "shop", sys.argv[1] if len(sys.argv) > 1 else "dev")
        plugins = work / "plugins"
        plugins.mkdir()
        code, words = said(shop.bin / "tillbridge-plugin", "pack", "--new-key", work / "key")
        assert code == 0, words
        package(shop, work, "signed", work / "key")
        for name in [*UNFIT, "signed"]:
            shutil.copytree(work / "signed", plugins / name, dirs_exist_ok=True)
        unnamed = plugins / "unnamed"
        manifest = (unnamed / "manifest.json").read_text()
        assert '"access": "port"' in manifest
        (unnamed / "manifest.json").write_text(manifest.replace('"access": "port"', '"access": "direct"'))
        (unnamed / "signature.json").unlink()
        for name, (spoil, _) in UNFIT.items():
            spoil(plugins / name)
        shutil.copytree(shop.bin.parent / "lib" / "register_shtrih", plugins / "register_shtrih")
        shop.plugins = plugins
        shop.store = f'plugin_keys = ["{words.split()[-1]}"]\nunsigned_plugins = ["register_shtrih", "unnamed"]'
        plain = shop.config

        def config():
            plain()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                f.writelines(f'[[device]]\nid = "{n}"\nplugin = "{n}"\nport = "none"\n' for n in more)
        shop.config = config
        more = []
        device = lambda name: next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == name)
        gateway = lambda: shop.processes["gateway"]

        def release(name):
            (shop.folder / "senior").write_text(shop.senior_token)
            status, text = said(shop.bin / "tillbridge", "devices", "--url", f"http://127.0.0.1:{shop.port}",
                                "--token-file", shop.folder / "senior", "--release", name)
            assert status == 0, text

        try:
            shop.start_all()
            gateway().stop()
            assert "driver ended" not in gateway().said() and "stopping -> stopped (ended)" in gateway().said(), "no orderly end"
            more = [*UNFIT, "signed"]
            config()
            status, words = said(shop.bin / "tillbridge", "check", "--config", shop.folder / "store.toml")
            assert status == 1 and "TB-20" in words, words
            shop.start_gateway()
            wait_for("the sound one online", lambda: device("signed")["online"])
            for name, (_, code) in UNFIT.items():
                d = device(name)
                assert not d["online"] and d["problem"]["code"] == code, (name, d)
                assert f"device {name}: its plugin may not run: {code}" in gateway().said(), name
            assert "tillbridge_plugin_unfit_total" in shop.api("GET", "/metrics")[1]
            wait_for("the register", lambda: device("register")["online"])
            assert shop.pay(shop.basket(["4601234567893"]))[1]["state"] == "committed"
            print(f"{len(UNFIT)} packages that may not run: named, the store sells; `check` is strict")

            (plugins / "added" / ".DS_Store").unlink()
            release("added")
            wait_for("the mended one online", lambda: device("added")["online"])
            print("mended, it comes back by a word, without a restart")

            # Exchanged under the running plugin: the next process would run it.
            pid = device("signed")["pid"]
            library = next((plugins / "signed").glob("*.so"))
            shutil.copy(shop.bin.parent / "lib" / "bad_scanner" / "bad_scanner.so", work / "other.so")
            os.replace(work / "other.so", library)
            os.kill(pid, signal.SIGKILL)
            wait_for("refused", lambda: (device("signed")["problem"] or {}).get("code") == "TB-2015")
            assert device("signed")["pid"] == -1
            print("a library exchanged under a running plugin never ran")

            # The register's own driver: the store is up and says loudly that it can not sell.
            gateway().stop()
            (plugins / "register_shtrih" / "manifest.json").rename(work / "manifest.json")
            shop.start_gateway()
            assert device("register")["kind"] == "register", "it forgot what it was"
            health = shop.api("GET", "/v1/health")[1]
            assert health["register_online"] is False and "register" in health["alarms"], health
            assert "device register: its plugin may not run" in gateway().said()
            status, answer = shop.pay(shop.basket(["4601234567893"]))
            assert status >= 400 and "TB-20" in str(answer), (status, answer)
            (work / "manifest.json").rename(plugins / "register_shtrih" / "manifest.json")
            release("register")
            wait_for("the register back", lambda: device("register")["online"])
            assert shop.pay(shop.basket(["4601234567893"]))[1]["state"] == "committed"
            print("the register's driver gone: told at the till, in health and log; back, it sells")
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
