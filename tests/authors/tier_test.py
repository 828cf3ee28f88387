#!/usr/bin/env python3
"""tier_test.py TOOL LIB: every plugin of the tree is silver, computed from its evidence.

A register that has never resolved a doubt is bronze, and is told what is missing.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tier(tool, folder):
    done = subprocess.run([tool, "tier", str(folder), "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    tool, built = sys.argv[1], pathlib.Path(sys.argv[2])
    own = [*ROOT.glob("drivers/*/manifest.json"), *ROOT.glob("plugins/*/*/manifest.json")]
    assert len(own) >= 8, own
    wrong = 0
    for name in sorted(manifest.parent.name for manifest in own):
        answer = tier(tool, built / name)
        print(f"{name:26} {answer['tier']:7} {', '.join(answer['failed'] + answer['missing'])}")
        wrong += answer["tier"] != "silver"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "register_datecs"
        shutil.copytree(built / "register_datecs", folder)
        (folder / "recordings" / "doubt.json").unlink()
        answer = tier(tool, folder)
        assert answer["tier"] == "bronze" and [m for m in answer["missing"] if m.startswith("kind.resolve, ")], answer
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
