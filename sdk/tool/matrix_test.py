#!/usr/bin/env python3
"""matrix_test.py TOOL SAMPLES [CHECK+MISTAKE...]: every check of the kit against every broken sample.

The good packages pass everything. Each sample is noticed by the check of its own name, and by no
other than those it declares here; every check has a sample, some a second one that is broken less.
"""
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from places import wrong_places

TOOL, BUILT = sys.argv[1], pathlib.Path(sys.argv[2])
PREFIX = pathlib.Path(TOOL).resolve().parents[1]
# The samples are built with a sanitizer, and none of them once more with one.
SANITIZED = not (BUILT / "asan.good.so").exists()
README = "# sample\n" + "".join(f"\n## {h}\nHere.\n" for h in
                                ("What it is", "Models", "Settings", "Verbs", "Errors", "Tried on hardware", "Sources"))
MANIFEST = {
    "schema": 1, "id": "org.tillbridge.test.sample", "kind": "drawer", "name": "The kit's sample", "version": "1.0.0",
    "library": "sample.so", "owner": "Tillbridge", "abi": {"major": 1, "minor_required": 0},
    "verbs": ["drawer.open", "drawer.status"], "idempotent": ["drawer.open"], "events": ["org.tillbridge.test.code", "input_error"],
    "access": "port",
    "config_schema": {"type": "object", "additionalProperties": False, "properties": {
        "password": {"type": "string", "maxLength": 64, "default": "", "writeOnly": True}}},
    "limits": {"activate_ms": 1000, "memory_mb": 16}, "quality": {"status": "alpha", "tried_on_hardware": False}}
RECORDING = {
    "format": 1, "plugin": MANIFEST["id"], "title": "opens, refuses, scans", "device": "virtual", "settings": {},
    "steps": [
        {"input": b"460123\r".hex(), "events": [{"type": "org.tillbridge.test.code", "body": {"raw": "460123", "aim": ""}}]},
        {"perform": "drawer.open", "key": "a", "body": {}, "status": "done", "result": {},
         "dialogue": [["out", b"O\n".hex()], ["in", b"K\n".hex(), 20]]},
        {"perform": "drawer.open", "key": "b", "body": {"drawer": 1}, "status": "refused", "code": 2203,
         "dialogue": [["out", b"O\n".hex()], ["in", b"E\n".hex(), 20]]},
        {"perform": "drawer.status", "body": {}, "status": "done", "result": {"open": True},
         "dialogue": [["out", b"S\n".hex()], ["in", b"K\n".hex(), 5]]},
        {"input": b"bad\r".hex(), "events": [{"type": "input_error", "body": {"code": 2103, "detail": "no code"}}]}]}
CHANNEL = {"kind": "channel", "verbs": ["message.send"], "idempotent": [], "events": [], "access": "http"}
REGISTER = {"kind": "register", "idempotent": [], "events": [], "verbs": [f"fiscal.{verb}" for verb in (
    "status", "open_shift", "close_shift", "x_report", "receipt", "baseline", "resolve", "recover", "document", "continue_printing")],
    "config_schema": {"type": "object", "additionalProperties": False, "properties": {}}}
TEMPLATE = pathlib.Path(__file__).resolve().parents[1] / "templates" / "register"
RULE = {"kind": "rule", "verbs": ["rule.evaluate"], "idempotent": [], "events": [], "access": "none"}
# A verb that is written down, and that its code does not know.
PROMISED = {"verbs": [*MANIFEST["verbs"], "org.tillbridge.test.fly"], "idempotent": []}
# A scanner by its manifest, without a port.
DEAF = {"kind": "scanner", "verbs": [], "idempotent": [], "events": ["scan", "input_error"], "access": "none"}

REPLAYS = ["life.fresh", "memory.larger", "faults.replay", "faults.dribble", "faults.reconnect", "faults.clock", "operations.same_key"]
# Without operations nothing can be replayed, and what is asked is refused by the host.
UNABLE = [*REPLAYS, "operations.bad_body"]
CREATED_ONLY = ["load.create_exact", "load.descriptor", "load.create_quiet", "life.tables", "life.kind"]
# check -> the others that notice its sample, and why that is so.
ALSO = {
    "load.quick": [],
    "life.unused": CREATED_ONLY,                        # they never activate either
    "life.deactivate": ["life.rounds"],                 # its threads pile up
    "life.tables": [*UNABLE],
    "life.kind": [*UNABLE],
    "package.verbs": ["operations.verbs"],              # nobody can do what no schema says
    "package.verbs+access": ["life.access", "kind.events"],  # what it emits is no scan, and comes from a port
    "kind.privacy": ["kind.log_once"],                  # it tells the number each time
    "faults.replay": REPLAYS,
    "operations.cancel+done": ["faults.cut"],           # a line that is cut refuses the same write
}
# What a sanitizer alters: the library needs its runtime, and nothing is watched a second time.
NOT_SANITIZED = r"^package\.needed$|^process\.files$|^sanitized\."
# It speaks, or ends the process, at what these do, whichever check is running.
ENDED = {"memory.borrowed", "threads.calls"} if SANITIZED else set()


NO_DOCUMENT = {"fiscal_memory": "", "number": 0, "sign": 0, "shift": 0, "receipt": 0, "time": "", "total": 0, "witness": "",
               "witness_readable": True, "printed": True, "kind": "", "notes": []}


def write(folder, name, what):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(what if isinstance(what, str) else json.dumps(what))


def package(folder, library, manifest=None, recording=RECORDING):
    write(folder, "manifest.json", {**MANIFEST, **(manifest or {})})
    write(folder, "README.md", README)
    write(folder, "models.json", {"models": []})
    if recording:
        write(folder, "recordings/all.json", recording)
    shutil.copy(BUILT / f"{library}.so", folder / "sample.so")


def register_recordings(folder, resolved):
    """The template's dialogues; with `resolved` off the fiscal memory is another one after the loss, and nobody knows."""
    for source in TEMPLATE.glob("*.json"):
        recording = json.loads(source.read_text().replace("@ID@", MANIFEST["id"]))
        doubt = next((i for i, step in enumerate(recording["steps"]) if step.get("perform") == "fiscal.resolve"), None)
        if not resolved and doubt is not None:
            recording["steps"] = recording["steps"][:doubt + 1]
            step = recording["steps"][doubt]
            step["dialogue"] = [part for n in (1, 2) for part in (
                ["out", f"{n} STATE\n".encode().hex()], ["in", f"{n} K M002 3 0 1 1 1 2026-11-22T12:05\n".encode().hex(), 20])]
            step["result"] |= {"verdict": "needs_person", "reason": "fiscal memory was replaced", "document": NO_DOCUMENT}
        write(folder, f"recordings/{source.name}", recording)


def edited(folder, name):
    """What is wrong with a sample besides its library."""
    if name == "package.manifest":
        write(folder, "manifest.json", {**MANIFEST, "memroy": 1})
    elif name == "package.signature":
        key = folder.parent / f"{folder.name}.key"
        subprocess.run([TOOL, "pack", "--new-key", str(key)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([TOOL, "pack", str(folder), "--key", str(key)], check=True, stdout=subprocess.DEVNULL)
        write(folder, "README.md", README + "Something else.\n")
    elif name == "package.readme":
        write(folder, "README.md", README.replace("## Sources", "## Origins"))
    elif name == "package.recordings":
        write(folder, "recordings/half.json", json.dumps(RECORDING)[:100])
    elif name == "package.verbs":
        write(folder, "manifest.json", {**MANIFEST, "verbs": [*MANIFEST["verbs"], "drawer.fly"]})
    elif name == "package.verbs+kind":
        write(folder, "manifest.json", {**MANIFEST, "kind": "display"})
    elif name == "package.verbs+event":
        write(folder, "manifest.json", {**MANIFEST, "events": [*MANIFEST["events"], "card"]})
    elif name == "package.settings":
        broken = json.loads(json.dumps(MANIFEST))
        broken["config_schema"]["properties"]["beeps"] = {"type": "integer", "maximum": 3, "default": 4}
        write(folder, "manifest.json", broken)
    elif name == "life.activate":
        write(folder, "manifest.json", {**MANIFEST, "limits": {**MANIFEST["limits"], "activate_ms": 100}})
    elif name == "load.text":
        write(folder, "manifest.json", {**MANIFEST, "version": "version 1"})
    elif name == "operations.result":
        recording = json.loads(json.dumps(RECORDING))
        recording["steps"][3]["result"] = {"open": 1}
        write(folder, "recordings/all.json", recording)


def check(folder, *more):
    more = [*more, "--exclude", NOT_SANITIZED] if SANITIZED else more
    done = subprocess.run([TOOL, "check", str(folder), "--json", "--timeout", "5000", *more], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return {c["id"]: c for c in json.loads(done.stdout)["checks"]}


def play(job):
    folder, name, library, kind = job
    package(folder, library, kind, RECORDING if kind is None else None)
    if kind is REGISTER:
        register_recordings(folder, resolved=name != "kind.resolve")
    edited(folder, name)
    watched = []
    for option, prefix in {"--asan": "asan.", "--tsan": "tsan."}.items():
        if (BUILT / f"{prefix}{name}.so").exists():
            package(folder.parent / f"{prefix}{name}", prefix + name, kind)
            watched += [option, str(folder.parent / f"{prefix}{name}")]
    return name, check(folder, *watched)


def of(name):
    """The check a sample is made for."""
    return name.split("+")[0]


def newer(folder):
    """What the host does not load, run does not load either, and says it in its words."""
    package(folder, "load.entry+newer")
    done = subprocess.run([TOOL, "run", str(folder)], capture_output=True, text=True, input="quit\n")
    if done.returncode != 1 or "TB-2008" not in done.stderr or "needs a newer host" not in done.stderr:
        yield f"run loads a plugin for a newer host: {done.returncode} {done.stdout}{done.stderr}"
    write(folder, "sample.so", "no library")
    done = subprocess.run([TOOL, "run", str(folder)], capture_output=True, text=True, input="quit\n")
    if done.returncode != 1 or "sample.so is no library: it does not begin as an ELF file does" not in done.stderr:
        yield f"run does not say what is no library: {done.returncode} {done.stdout}{done.stderr}"


def beyond_access(folder):
    """Neither check nor run gives a plugin more than its manifest asks for: it could never work in a shop."""
    package(folder, "good", {"access": "none"})
    if check(folder, "--include", "faults.replay")["faults.replay"]["status"] != "fail":
        yield "a port is given to who asks for none"
    package(folder, "good", {**CHANNEL, "access": "port"})
    asked = 'message.send {"to":"+70000000000","text":"words"}\nquit\n'
    done = subprocess.run([TOOL, "run", str(folder)], capture_output=True, text=True, input=asked)
    if "no HTTP" not in done.stdout:
        yield f"run gives HTTP to who asks for a port: {done.stdout}{done.stderr}"


def refusals(folder):
    """What is no question gets no verdict: exit code 2, and why is said."""
    for words, why in ((["check", folder, "--include", "["], "no regular expression"),
                       (["check", folder, "--include", "nothing.matches"], "no check matches"),
                       (["replay", folder, folder / "nowhere.json"], "there is no file")):
        done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 2 or why not in done.stderr:
            yield f"{' '.join(map(str, words))}: {done.returncode} {done.stderr}"


def once_late(folder):
    """A library that does not load costs one check its time; the others say so and do not wait."""
    package(folder, "good")
    write(folder, "sample.so", "no library")
    verdicts = check(folder)
    late = {i for i, v in verdicts.items() if v["status"] not in ("pass", "skip") and not i.startswith("package.")}
    if late != {"load.now"} or "load.now failed" not in verdicts["faults.garbage"]["words"]:
        yield f"a library that does not load fails {sorted(late)}"


def hung(folder):
    """What does not return, or dies, in one call is told for that call and not in every check; and it ends in time."""
    for sample, call, rule, status, most in (
            ("hangs.activate", "activate", "tillbridge/instance.h", "timeout", 1),
            ("hangs.perform", "perform of drawer.open", "tillbridge/operations.h", "timeout", 2),
            ("hangs.deactivate", "deactivate", "tillbridge/instance.h", "timeout", 2),
            ("aborts.activate", "activate", "tillbridge/instance.h", "crash", 1)):
        package(folder / sample, sample)
        started = time.monotonic()
        verdicts = check(folder / sample)
        bad = [v for v in verdicts.values() if v["status"] not in ("pass", "skip")]
        skipped = [v for v in verdicts.values() if v["status"] == "skip" and f"in {call}" in v["words"]]
        if not 1 <= len(bad) <= most or len(skipped) < 10 or time.monotonic() - started > 30:
            yield f"{sample}: {len(bad)} fail, {len(skipped)} skipped, {time.monotonic() - started:.0f} s"
        for v in bad:
            if v["status"] != status or f"in {call}" not in v["words"] or rule not in v["place"] or call.split()[0] not in v["place"]:
                yield f"{sample}: {v}"


def main():
    more = sys.argv[3:]
    listed = subprocess.run([TOOL, "check", "--list", "--json"], capture_output=True, text=True, check=True)
    ids = [c["id"] for c in json.loads(listed.stdout)]
    assert len(ids) >= 45 and len(set(ids)) == len(ids), ids
    lost = [f"{c['id']}: {part}" for c in json.loads(listed.stdout) for part in wrong_places(PREFIX, c["place"])]
    assert not lost, lost
    kinds = {"kind.channel_answers": CHANNEL, "kind.privacy": CHANNEL, "kind.rule": RULE, "kind.resolve": REGISTER,
             "kind.rule+remembers": RULE, "life.access": CHANNEL, "operations.verbs": PROMISED,
             "package.verbs+access": DEAF, "package.verbs+needs": {"verbs": ["drawer.status"], "idempotent": []}, "operations.bad_body+nameless": CHANNEL}
    if SANITIZED:
        ids = [i for i in ids if not re.search(NOT_SANITIZED, i)]
        more = [i for i in more if not re.search(NOT_SANITIZED, of(i))]
    assert {of(i) for i in more} <= set(ids), more
    wrong = []
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        root = pathlib.Path(temporary)
        jobs = [(root / "good", "good", "good", None), (root / "good_channel", "good_channel", "good", CHANNEL),
                (root / "good_rule", "good_rule", "good", RULE), (root / "good_register", "good_register", "register", REGISTER)]
        jobs += [(root / i, i, i if (BUILT / f"{i}.so").exists() else "register" if i == "kind.resolve" else "good", kinds.get(i))
                 for i in [*ids, *more]]
        noticed = {i: set() for i in [*ids, *more]}
        for name, verdicts in pool.map(play, jobs):
            bad = {i for i, v in verdicts.items() if v["status"] not in ("pass", "skip")}
            if name == "good":
                wrong += [f"the good sample skips {i}" for i, v in verdicts.items()
                          if v["status"] == "skip" and not i.startswith(("kind.", "package."))]
            if name == "good_register" and verdicts["kind.resolve"]["status"] != "pass":
                wrong.append(f"the good register's doubt: {verdicts['kind.resolve']['words']}")
            if name.startswith("good"):
                wrong += [f"the good sample fails {i}: {verdicts[i]['words']}" for i in bad]
                continue
            noticed[name] |= bad
            wrong += [f"{name}: {i} names {part}, where nothing stands" for i in bad
                      if "place" in verdicts[i] for part in wrong_places(PREFIX, verdicts[i]["place"])]
            if of(name) not in bad:
                wrong.append(f"{name}: its sample is not noticed ({verdicts[of(name)]['status']})")
            for other in sorted(bad - {of(name)} - set(ALSO.get(name, []))) if name not in ENDED else ():
                wrong.append(f"{name}: its sample is also noticed by {other}: {verdicts[other]['words']}")
            for other in set(ALSO.get(name, [])) - bad:
                wrong.append(f"{name}: {other} is declared and does not notice it")
        wrong += [*refusals(root / "good"), *once_late(root / "unloaded"), *newer(root / "newer"), *hung(root / "hung"),
                  *beyond_access(root / "access")]
    print(f"{len(ids)} checks, {len(ids) + len(more)} broken samples, {sum(map(len, noticed.values()))} times noticed")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
