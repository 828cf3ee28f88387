#!/usr/bin/env python3
"""messages_test.py TOOL SAMPLES: what the tool says of a folder, a word or a plugin that is not as it should be.

Whoever reads it must know which file and which field it is, where the rule stands and what to do.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import termios
import threading

from matrix_test import BUILT, CHANNEL, MANIFEST, PREFIX, TOOL, package, write
from places import wrong_places


SCHEMA = "share/tillbridge/schema/manifest.json"


def said(*words, asked="quit\n"):
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, input=asked)
    return done.returncode, done.stdout + done.stderr


def expect(words, code, *parts, asked="quit\n"):
    got, text = said(*words, asked=asked)
    if got != code or any(part not in text for part in parts):
        yield f"{' '.join(map(str, words))}: {got}, want {code} and {parts}:\n{text[:1500]}"


def folders(root):
    """Each command names the file, and where it should be."""
    key = root / "key"
    said("pack", "--new-key", key)
    empty, sources, text, symbol, newer = (root / n for n in ("empty", "sources", "text", "symbol", "newer"))
    empty.mkdir()
    missing = f"{empty}/manifest.json is missing: give the folder that holds it and the library, build/NAME"
    for words in (["check", empty], ["run", empty], ["tier", empty], ["pack", empty, "--key", key]):
        yield from expect(words, 1, missing)
    package(sources, "good")
    (sources / "sample.so").unlink()
    write(sources, "CMakeLists.txt", "")
    there = f"sample.so is not beside manifest.json in {sources}: these are the sources"
    for command in ("check", "tier"):
        yield from expect([command, sources], 1, there, f"rule: {SCHEMA}#/properties/library",
                          "fix: build it, and give the folder the build has made: build/NAME")
    yield from expect(["run", sources], 1, there)
    package(text, "good")
    write(text, "sample.so", "no library")
    yield from expect(["check", text], 1, "sample.so is no library: it does not begin as an ELF file does",
                      f"rule: {SCHEMA}#/properties/library", "fix: put the library there")
    package(symbol, "good")
    subprocess.run(["cc", "-shared", "-x", "c", "-", "-o", str(symbol / "sample.so")], input=b"int nothing;", check=True)
    yield from expect(["check", symbol], 1, "it has no symbol tillbridge_entry", "rule: tillbridge/entry.h", "fix: define it: TILLBRIDGE_PLUGIN")
    package(newer, "good", {"abi": {"major": 2, "minor_required": 0}})
    field = f"{newer}/manifest.json: abi.major is 2, this SDK has 1"
    yield from expect(["check", newer], 1, field, "rule: TILL_ABI_MAJOR in tillbridge/abi.h", 'fix: write the version of the SDK it is built with: "abi"')
    for words in (["run", newer], ["tier", newer], ["pack", newer, "--key", key]):
        yield from expect(words, 1, field)


def members(root):
    """What is wrong in a manifest leads to the member, in the schema that says what it may be."""
    vendor = {"properties": {"beeps": {"type": "integer", "format": "loud"}}}
    for name, wrong, at in (("limits", {"limits": {"memory_mb": 1}}, "properties/limits/properties/memory_mb"),
                            ("unknown", {"memroy": 1}, "additionalProperties"), ("kind", {"kind": "drone"}, "properties/kind"),
                            ("bus", {"devices": [{"bus": "can"}]}, "properties/devices/items/properties/bus"),
                            ("word", {"config_schema": vendor}, "properties/config_schema"), ("none", {"verbs": ["drawer.status"]}, "x-kinds/drawer"),
                            ("verb", {"verbs": ["drawer.open", "drawer.fly"]}, "properties/verbs")):
        folder = root / name
        package(folder, "good", {"idempotent": [], **wrong})
        yield from expect(["check", folder, "--include", "^package"], 1, f"rule: {SCHEMA}#/{at}\n")
        report = json.loads(said("check", folder, "--include", "^package", "--json")[1])
        yield from (f"{name}: {part} is not there" for c in report["checks"] if "place" in c for part in wrong_places(PREFIX, c["place"]))


def words(root):
    """A word that is none is said again, with those that are."""
    yield from expect(["frobnicate"], 2, "frobnicate is none of: new, run, record, replay, check, tier, pack")
    yield from expect(["new", "driver", "org.example.x"], 2, "driver is no kind of plugin", "scanner (bar codes), reader (cards)")
    for name in ("test", "all", "clean", "help", "install", "package"):
        yield from expect(["new", "scanner", f"org.example.{name}", root / name], 2, f"CMake keeps the target {name} for itself")
    folder = root / "seed"
    package(folder, "good")
    for seed in ("99999999999999999999999", "-1", "1x"):
        yield from expect(["check", folder, f"--seed={seed}", "--include", "package.manifest"], 2, f"{seed} is no whole number")
    yield from expect(["check", folder, "--seed=18446744073709551615", "--include", "package.manifest"], 0, "seed 18446744073709551615")


def prompt(root):
    """What is typed by a slip is told and never passed over; what would be lost at the end is told at once."""
    folder = root / "good"
    package(folder, "good")
    yield from expect(["run", "--secret", "key=1", folder], 0, "refused TB-2002", asked="  drawer.open\nquit\n")
    yield from expect(["run", folder, "--secret", "key"], 2, "key is no NAME=VALUE")
    yield from expect(["run", folder], 0, "wait how many milliseconds?", asked="wait soon\nquit\n")
    yield from expect(["record", folder, "--title", "x", "--out", root / "nowhere" / "x.json"], 2, f"there is no folder {root}/nowhere")
    recording = folder / "recordings" / "all.json"
    yield from expect(["replay", folder, folder / "manifest.json"], 2, "manifest.json is no recording: TB-")
    yield from expect(["replay", root, recording], 1, f"{root}/manifest.json is missing")
    (folder / "sample.so").unlink()
    yield from expect(["replay", folder, recording], 1, "sample.so is not beside manifest.json")


def tiers(root):
    """What is missing is said, and how to get it."""
    folder = root / "failing"
    package(folder, "good", {"owner": ""})
    yield from expect(["tier", folder], 1, "bronze needs: check package.readme, README.md has the headings",
                      "manifest.owner is missing", f"rule: {SCHEMA}#/properties/owner", "fix: write who answers for it")
    answer = json.loads(said("tier", folder, "--json")[1])
    if answer["failed"] != ["package.readme"] or answer["why"][0]["words"] != "manifest.owner is missing":
        yield f"tier --json: {answer}"


def plugins(root):
    """What the plugin does wrong is told, and the prompt lives on."""
    folder = root / "refused"
    package(folder, "life.settings")
    yield from expect(["run", folder], 1, "activate: TB-9001 never content")
    message = 'message.send {"to":"+70000000000","text":"words"}\n'
    for sample, member in (("http.request", "request"), ("http.header", "headers.X-Shop")):
        package(root / sample, sample, CHANNEL, None)
        yield from expect(["run", root / sample], 0, f"refused TB-1012 {member}", asked=2 * message + "quit\n")
        # On the fake host too: nothing of the kit ends by it.
        report = json.loads(said("check", root / sample, "--json")[1])
        if [c["id"] for c in report["checks"] if c["status"] in ("crash", "timeout")]:
            yield f"check of {sample}: {report}"


def line():
    """A pseudo-terminal: the device's end, the name of the other one, and that one open."""
    master, slave = os.openpty()
    return master, os.ttyname(slave), slave


def ports(root):
    """A port is written as in a store, and what is wrong with it is said."""
    folder = root / "good"
    package(folder, "good")
    master, name, slave = line()
    for spec, why in ((f"serial:{name}@fast", "TB-9001 the baud rate, write it as @9600"), (f"serial:{name}@9600,9N1", "serial mode, write it as 8N1"),
                      (f"serial:{name}@9600", f"TB-2001 {name}: no such serial line"), ("pty:/dev/nowhere", "/dev/nowhere: No such file"),
                      ("usb:04b8:0202", "TB-2001 usb:04b8:0202: LIBUSB_ERROR_"), ("usb:4b8:202", "TB-9001 usb port, write it as usb:04b8:0202"),
                      ("lpt:1", "serial:PATH@BAUD,8N1 | tcp:HOST:PORT")):
        yield from expect(["run", folder, "--port", spec], 1, why)
    yield from expect(["run", folder], 0, 'no --port is given: the plugin has no line, and its access is "port"')
    answers = threading.Thread(target=lambda: (os.read(master, 2), os.write(master, b"K\n")), daemon=True)
    answers.start()
    yield from expect(["run", folder, "--port", f"pty:{name}"], 0, "done {}", asked="drawer.open\nquit\n")
    answers.join(10)
    mode = termios.tcgetattr(slave)
    if mode[3] & (termios.ECHO | termios.ICANON):
        yield f"the line's mode is {mode}"
    os.close(master)
    os.close(slave)


def deadlines(root):
    """An operation past its deadline is cancelled, and what does not return then ends the tool."""
    master, name, slave = line()
    for sample, code, parts in (
            ("operations.deadline", 0, ("drawer.open is past its time, 300 ms: it is cancelled", "in_doubt TB-2005")),
            ("hangs.perform", 1, ("drawer.open is past its time, 300 ms", "drawer.open did not return in 2000 ms more: ended")),
            ("hangs.activate", 1, ("activate is past its time, 1000 ms\n", "activate did not return in 2000 ms more: ended"))):
        package(root / sample, sample)
        yield from expect(["run", root / sample, "--port", f"pty:{name}", "--deadline", "300"], code, *parts, asked="drawer.open\nquit\n")
    os.close(master)
    os.close(slave)


def main():
    assert (BUILT / "good.so").exists() and MANIFEST["library"] == "sample.so"
    wrong = []
    with tempfile.TemporaryDirectory() as temporary:
        for part in (folders, members, words, prompt, tiers, plugins, ports, deadlines):
            root = pathlib.Path(temporary) / part.__name__
            root.mkdir()
            wrong += part(root)
    print("\n".join(wrong) or "each says what is wrong, where, and what to do")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
