#!/usr/bin/env python3
"""./run faults fiscal [--noise] [--only REGISTER:CASE] [--kills N] [--seeds N] [--seed S] | --mutate

Every register's fault matrix (build/release/bin/faults_*), then the gateway and its driver killed
at hard steps with real processes. --mutate plants known mistakes and expects each to be noticed.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]


def programs(build):
    return sorted((ROOT / "build" / build / "bin").glob("faults_*"))


def matrix(program, arguments):
    started = time.monotonic()
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    cases = re.search(r"(\d+) cases, (\d+) violations", done.stdout)
    if not cases:
        print(f"{program.name} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", flush=True)
        return program.name, 0, 1, "", 0.0
    return program.name, int(cases[1]), int(cases[2]), done.stdout, time.monotonic() - started


def run_matrices(args):
    arguments = ["--pairs", str(args.pairs)] + (["--noise"] if args.noise else [])
    cases = violations = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, n, bad, text, seconds in pool.map(lambda p: matrix(p, arguments), programs("release")):
            cases, violations = cases + n, violations + bad
            print(f"{name.removeprefix('faults_'):12} {n:8} cases {bad:4} violations {seconds:6.0f} s", flush=True)
            for line in text.splitlines():
                if ": " in line and "/" in line.split(": ")[0]:
                    print(f"  {line}\n  repeat: ./run faults fiscal --only "
                          f"{name.removeprefix('faults_')}:{line.split(': ')[0]}")
    return cases, violations


def kills(args):
    if args.kills == 0:
        return 0, 0
    registers = ("shtrih", "numbered", "datecs", "atol", "library")
    bad = 0
    for register in registers:
        done = subprocess.run([sys.executable, ROOT / "tests/scenario/kill_test.py", "release", "--register", register,
                               "--kills", str(args.kills), "--seed", str(args.seed)], text=True)
        if done.returncode != 0:
            bad += 1
            print(f"  repeat: python3 tests/scenario/kill_test.py release --register {register} "
                  f"--kills {args.kills} --seed {args.seed}")
    return args.kills * len(registers), bad


def simulated():
    """The gateway or its driver dead after every event of a story in the simulator, and both after
    every pair of events in every order."""
    def play(half):
        return subprocess.run([ROOT / "build/release/bin/tillbridge_simulate", "--every-step", "1", "--half", half],
                              capture_output=True, text=True)

    cases = violations = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for half, done in zip("12", pool.map(play, "12")):
            deaths = re.search(r"(\d+) deaths in a story of \d+ events: (\d+) violations", done.stdout)
            print(done.stdout.strip(), flush=True)
            cases += int(deaths[1]) if deaths else 0
            violations += int(deaths[2]) if deaths else 1
            if done.returncode != 0:
                print("  repeat: ./run build release && build/release/bin/tillbridge_simulate "
                      f"--every-step 1 --half {half}")
    return cases, violations


def seeded(args):
    """Whole shops under seeds: people who misread the paper, questions of it lost, cut and killed."""
    if args.seeds == 0:
        return 0, 0
    done = subprocess.run([ROOT / "build/release/bin/tillbridge_simulate", "--seeds", str(args.seeds),
                           "--from", str(args.seed)], capture_output=True, text=True)
    print(done.stdout.strip(), flush=True)
    failed = re.search(r"seeds from \d+: (\d+) failed", done.stdout)
    return args.seeds, int(failed[1]) if failed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["fiscal"])
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--mutate", action="store_true")
    parser.add_argument("--only", help="REGISTER:CASE, one case again")
    parser.add_argument("--pairs", type=int, default=61, help="a second cut at every so many positions")
    parser.add_argument("--kills", type=int, default=10, help="kill -9 at so many seeded hard steps, each register")
    parser.add_argument("--seeds", type=int, default=3000, help="whole shops under so many seeds")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    if args.only:
        register, _, case = args.only.partition(":")
        known = [p.name.removeprefix("faults_") for p in programs("release")]
        if register not in known:
            print(f"{args.only}: no such register: {register} is none of {', '.join(known)}", file=sys.stderr)
            return 2
        return subprocess.run([ROOT / f"build/release/bin/faults_{register}", "--only", case]).returncode
    if args.mutate:
        return mutants.run(ROOT)
    cases, violations = run_matrices(args)
    for n, bad in (simulated(), seeded(args), kills(args)):
        cases, violations = cases + n, violations + bad
    print(f"{cases} cases, {violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
