#!/usr/bin/env python3
"""One case again: `faults_datecs --only CASE` plays what exists and refuses what does not."""
import subprocess
import sys

EXIST = ("isl/sale/quiet", "isl/sale/late/device:40", "isl/sale/foreign/device:200/answer:3", "isl/shift_close/quiet/answer:2",
         "isl/sale_rich/quiet/device:200", "isl/copy/away/device:5")
# What is asked for, and a word of the sentence that refuses it.
MISSING = {
    "isl/sale": "VARIANT/KIND/NOISE",
    "usb/sale/quiet": "no variant usb",
    "isl/sales/quiet": "kind of document is called sales",
    "isl/sale/noisy": "VARIANT/KIND/NOISE",
    "isl/sale/quiet/device:1x": "VARIANT/KIND/NOISE",
    "isl/sale/quiet/cable:1": "VARIANT/KIND/NOISE",
    "isl/sale/quiet/device:99999": "dialogue ends before",
    "isl/sale/quiet/device:200/answer:99999": "second cut",
    "isl/sale_rich/late": "not played with other trouble",
    "isl/sale_rich/quiet/device:200/answer:3": "not played with other trouble",
    "isl/purchase/quiet": "can't do that",  # the printer's country knows none
}


def main():
    wrong = []
    for case, word in {**dict.fromkeys(EXIST, ": good"), **MISSING}.items():
        done = subprocess.run([sys.argv[1], "--only", case], capture_output=True, text=True, timeout=60)
        wanted = 0 if case in EXIST else 2
        if done.returncode != wanted or word not in (done.stderr if wanted else done.stdout):
            wrong.append(f"{case}: ended with {done.returncode}: {done.stdout}{done.stderr}")
    print("\n".join(wrong) or f"{len(EXIST)} cases played, {len(MISSING)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
