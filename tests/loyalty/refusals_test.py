#!/usr/bin/env python3
"""Every reason for which a program is refused has Russian words (gateway/loyalty/refusal_words.cpp)."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "gateway/loyalty/refusal_words.cpp"
LITERAL = r'"((?:[^"\\\\]|\\\\.)*)"'
# Names of fields and their values stay as the file has them.
FIELDS = (ROOT / "docs/users/program.schema.json").read_text()
KEPT = set(re.findall(r"[a-z_]{2,}", FIELDS)) | {"op", "timeout_s", "hold", "post", "release", "fact", "credit", "advance",
                                                  "give_back", "take_back", "owe", "withhold", "forgive",
                                                  "purchases", "purchases_ever", "spent_ever", "selected_quantity",
                                                  "selected_amount", "tests"}
KEPT -= {"a", "of", "or", "and", "not", "no", "the", "in", "is", "to", "be", "must", "can", "never", "nothing",
         "all", "one", "only", "for", "with", "so", "at", "it", "that"}


def phrases() -> dict[str, str]:
    table = WORDS.read_text().split("kPhrases[] = {")[1].split("\n};")[0]
    return dict(re.findall(r"\{" + LITERAL + r",\s*" + LITERAL + r"\}", table))


def in_russian(text: str, table: dict[str, str]) -> str:
    for english in sorted(table, key=len, reverse=True):
        text = text.replace(english, table[english])
    return text


def literals():
    """The words of every refusal: (file, what stands between its quotes, put together where it is one text)."""
    sources = [p for p in (ROOT / "gateway/loyalty").glob("*.cpp")
               if not p.stem.endswith(("_test", "_fuzz", "_words")) and p.stem != "explain"]
    for path in [*sources, ROOT / "gateway/base/json.cpp"]:
        text = path.read_text()
        calls = re.findall(r"\b(?:invalid|fail|wrong|bad)\((?:[^;\"]|\"(?:[^\"\\\\]|\\\\.)*\")*\);", text)
        if path.stem in ("contradiction", "reach"):
            calls += re.findall(r"(?:return|why =) (?:\"[^;]*);", text)
        for call in calls:
            joined = re.sub(r'"\s+"', "", call)
            for words in re.findall(LITERAL, joined):
                yield path.name, words.replace('\\"', '"')


def english_left(text: str) -> list[str]:
    quoted = re.sub(r'"[^"]*"?', "", text)
    left = [w for w in re.findall(r"(?<![\w.\[])[a-zA-Z_]{2,}(?![\w.\]])", quoted) if w not in KEPT]
    # Among Russian words "in", "is" and "not" are fields.
    return [w for w in left if w not in ("in", "is", "not") or not re.search("[а-я]", text)]


def main() -> int:
    table = phrases()
    if len(table) < 100:
        print("the table was not read")
        return 1
    found = missing = 0
    for name, words in literals():
        if " " not in words.strip() and ":" not in words:
            continue  # a field, a unit
        found += 1
        left = english_left(in_russian(words, table))
        if left:
            missing += 1
            print(f"{name}: \"{words}\" has no Russian words: {' '.join(left)}")
    # It could say no: a reason nobody translated is noticed.
    if not english_left(in_russian("a reason nobody thought of", table)) or found < 80:
        print("this test looks at nothing")
        return 1
    print(f"{found} reasons, {missing} without Russian words")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
