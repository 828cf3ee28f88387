#!/usr/bin/env python3
"""tier_test.py TOOL LIB: every plugin of the tree is silver, computed from its evidence."""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    tool, built = sys.argv[1], pathlib.Path(sys.argv[2])
    own = [*ROOT.glob("drivers/*/manifest.json"), *ROOT.glob("plugins/*/*/manifest.json")]
    assert len(own) >= 8, own
    wrong = 0
    for name in sorted(manifest.parent.name for manifest in own):
        done = subprocess.run([tool, "tier", str(built / name), "--json"], capture_output=True, text=True)
        answer = json.loads(done.stdout)
        print(f"{name:26} {answer['tier']:7} {', '.join(answer['failed'] + answer['missing'])}")
        wrong += answer["tier"] != "silver"
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
