#!/usr/bin/env python3
"""The plugin boundary as it was published, against the headers as they are.

sdk/include/abi.json holds every declaration of sdk/include/tillbridge, one list of members a struct.
A function table (a struct without `size`) may never change, a data struct only grow at its end, an
enumerator, macro or id never change or go. `abi.py --adopt` adds what is new and harmless to the
file; everything else is changed there by hand, by somebody who knows what it breaks.
"""
import json
import pathlib
import re
import sys

FOLDER = "sdk/include/tillbridge/"
SNAPSHOT = pathlib.Path(__file__).resolve().parents[2] / "sdk" / "include" / "abi.json"


def declarations(text):
    """{"till_port": ["int32_t (*read)(…)", …], "TILL_PORT_ID": ["\"till.port/1\""]}"""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = text.replace("\\\n", " ")
    found = {}
    for name, value in re.findall(r"^#define (TILL_\w+)[ \t]+(\S.*)$", text, re.M):
        if name not in ("TILL_NOEXCEPT",):
            found[name] = [" ".join(value.split())]
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    squeeze = lambda s: re.sub(r"\s*([(),;*])\s*", r"\1", " ".join(s.split()))
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\n\} \w+;", text, re.S):
        found[name] = [squeeze(member) for member in body.split(";") if member.strip()]
    for body in re.findall(r"\benum \{(.*?)\}", text, re.S):
        for item in body.split(","):
            name, _, value = item.partition("=")
            if name.strip():
                found[name.strip()] = [value.strip()]
    for meaning, name in re.findall(r"^typedef (\w+) (\w+);", text, re.M):
        found[name] = [meaning]
    for exported in re.findall(r"^extern (?!\"C\")(.*?);", text, re.M | re.S):
        found[squeeze(exported).split()[-1]] = [squeeze(exported)]
    return found


def grows(members):
    return members[0].startswith("uint32_t size")


def compare(old, new):
    """Sentences about what a built plugin would not survive."""
    for name, members in old.items():
        now = new.get(name)
        if now is None:
            yield f"{name} is gone; it was published"
        elif now != members and not (grows(members) and now[:len(members)] == members):
            at = next((i for i, pair in enumerate(zip(members, now)) if pair[0] != pair[1]), min(len(members), len(now)))
            what = members[at] if at < len(members) else now[at]
            hint = "grows only at its end" if grows(members) else "never changes: give the change a new id"
            yield f"{name} {hint}; differs at member {at + 1}: {what}"


def check(path, text):
    """Yields (line, sentence) for one header."""
    if not path.startswith(FOLDER) or not path.endswith(".h"):
        return
    snapshot = json.loads(SNAPSHOT.read_text())
    old, new = snapshot.get(path.removeprefix(FOLDER), {}), declarations(text)
    for sentence in compare(old, new):
        yield 1, sentence
    for name in new:
        if new[name] != old.get(name) and name not in old:
            yield 1, f"{name} is not in sdk/include/abi.json: tests/lint/abi.py --adopt"
        elif len(new[name]) > len(old[name]):
            yield 1, f"{name} has grown: tests/lint/abi.py --adopt"


def main():
    if sys.argv[1:] != ["--adopt"]:
        print(__doc__)
        return 2
    snapshot = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    for header in sorted(SNAPSHOT.parent.glob("tillbridge/*.h")):
        old, new = snapshot.setdefault(header.name, {}), declarations(header.read_text(encoding="utf-8"))
        wrong = list(compare(old, new))
        if wrong:
            print(f"{header.name}: " + "\n".join(wrong))
            return 1
        old.update(new)
    snapshot = {name: content for name, content in snapshot.items() if content}
    SNAPSHOT.write_text(json.dumps(snapshot, indent=1, sort_keys=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
