"""Whether a `place` of the kit leads anywhere: to a file of the SDK, and to what it names in it.

"FILE.json#POINTER" (RFC 6901), "FILE.md, HEADING", "FILE.h, WORD", "SYMBOL in FILE.h", "FILE.h"; several of them are
divided by commas too.
"""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = "share/doc/tillbridge/"


def found(prefix, name):
    """The text of a file of an installed tree, or of a build, beside which some stand in the sources only."""
    sources = ROOT / "docs" / name.removeprefix(PAGES), ROOT / "sdk" / name.removeprefix("tillbridge/")
    for path in (prefix / name, prefix / "include" / name, *sources):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def pointed(text, pointer):
    at = json.loads(text)
    for word in pointer.split("/")[1:]:
        if not isinstance(at, dict) or word not in at:
            return False
        at = at[word]
    return True


def stands(text, name, word):
    if name.endswith(".json"):
        return pointed(text, word)
    if name.endswith(".md"):
        return word in re.findall(r"^#+ (.*)$", text, re.M)
    return all(re.search(rf"\b{re.escape(part)}\b", text) for part in word.split("."))


def wrong_places(prefix, place):
    """The parts of it that lead nowhere."""
    name = text = None
    for part in place.split(", "):
        word, said = part, re.search(r"\S+\.(h|md|json)(?=#|$)", part)
        if said:
            name, text = said[0], found(prefix, said[0])
            word = part.partition("#")[2] if "#" in part else part.partition(" in ")[0] if " in " in part else None
        if text is None or (word and not stands(text, name, word)):
            yield part
        elif name.endswith(".json") and not word:  # a schema is long
            yield part
    if name is None:
        yield place
