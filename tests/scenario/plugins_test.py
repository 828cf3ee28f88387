#!/usr/bin/env python3
"""Plugins come to a shop: packed, signed by a key the shop knows, installed without a network.

What nobody answers for does not run; looking at what is installed loads no code into the daemon.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from shop import Shop, wait_for


def said(*args):
    """(exit code, everything it said) of one command."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    return done.returncode, done.stdout + done.stderr


def package(shop, work, name, key, version="1.0.0"):
    """The scanner driver of the gateway under a name of its own, packed; key "" = unsigned."""
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shop.bin.parent / "lib" / "scanner_serial", folder)
    file = work / f"{name}.tbp"
    if key:
        code, words = said(shop.bin / "tillbridge-plugin", "pack", folder, "--key", key, "--out", file)
        assert code == 0, words
    else:
        subprocess.run(["tar", "--format=ustar", "-cf", file, *(p.name for p in folder.iterdir())], cwd=folder, check=True)
    return file


def main():
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        shop = Shop(work / "shop", sys.argv[1] if len(sys.argv) > 1 else "dev")
        plugins = work / "plugins"
        plugins.mkdir()
        keys = {}
        for name in ("known", "stranger"):
            code, words = said(shop.bin / "tillbridge-plugin", "pack", "--new-key", work / name)
            assert code == 0, words
            keys[name] = words.split()[-1]
        shop.plugins = plugins
        shop.store = f'plugin_keys = ["{keys["known"]}"]'
        shop.without = {"scanner"}
        plain = shop.config

        def config(plugin=None):
            plain()
            if plugin:
                with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                    f.write(f'[[device]]\nid = "scanner"\nplugin = "{plugin}"\nport = "pty:dev/scanner"\ntill = "1"\n')
        shop.config = config
        install = lambda file, *more: said(shop.bin / "tillbridge", "plugins", "-c", shop.folder / "store.toml", "install", file, *more)
        checked = lambda: said(shop.bin / "tillbridge", "check", "--config", shop.folder / "store.toml")
        try:
            shop.start_all()  # the gateway's own drivers need no signature
            listed = lambda: {p["name"]: p for p in shop.ok(shop.api("GET", "/v1/plugins"))["plugins"]}
            assert listed()["register_shtrih"]["trusted"] == "own"

            for key, code in (("stranger", "TB-2017"), ("", "TB-2016")):
                file = package(shop, work, "scanner_serial", work / key if key else "")
                status, words = install(file)
                assert status == 1 and code in words, words
            assert list(plugins.iterdir()) == []
            print("a package of an unknown key and an unsigned one: refused, and why is said")

            file = package(shop, work, "scanner_serial", work / "known")
            damaged = bytearray(file.read_bytes())
            damaged[damaged.index(b"\x7fELF") + 5000] ^= 1
            (work / "damaged.tbp").write_bytes(damaged)
            status, words = install(work / "damaged.tbp")
            assert status == 1 and "TB-2015" in words, words
            status, words = install(file)
            assert status == 0 and "signed by a known key" in words, words
            status, words = install(file)
            assert status == 1 and "TB-2018" in words, words
            status, words = install(file, "--replace")
            assert status == 0 and "in place of version" in words, words
            entry = listed()["scanner_serial"]
            assert entry["trusted"] == "signed", entry
            maps = pathlib.Path(f"/proc/{shop.processes['gateway'].p.pid}/maps").read_text()
            assert "/lib/" in maps and ".so" in maps
            assert str(plugins) not in maps and "scanner_serial" not in maps, "the catalogue loaded a plugin"
            print("installed offline, listed by the running gateway, and nothing of it loaded there")

            shop.processes["gateway"].stop()
            config("scanner_serial")
            shop.start_gateway()
            device = lambda: next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == "scanner")
            wait_for("the installed scanner online", lambda: device()["online"])
            child = pathlib.Path(f"/proc/{device()['pid']}/maps").read_text()
            assert str(plugins / "scanner_serial") in child, "another copy runs"
            print("it runs, from where it was installed")

            shop.processes["gateway"].stop()
            (plugins / "scanner_serial" / "models.json").write_text("{}")
            status, words = checked()
            assert status == 1 and "TB-2015" in words and "models.json" in words, words
            shutil.rmtree(plugins / "scanner_serial")
            shutil.copytree(work / "scanner_serial", plugins / "mine")
            (plugins / "mine" / "signature.json").unlink()
            config("mine")
            status, words = checked()
            assert status == 1 and "TB-2016" in words, words
            shop.store += '\nunsigned_plugins = ["mine"]'
            config("mine")
            status, words = checked()
            assert status == 0, words
            shop.start_gateway()
            wait_for("the named scanner online", lambda: device()["online"])
            assert listed()["mine"]["trusted"] == "named"
            print("changed after installing: refused; unsigned: runs only when the configuration names it")
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
