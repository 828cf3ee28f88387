#!/usr/bin/env python3
"""./run lint [--all] [--base REV]: formatting, the house rules, clang-tidy on what changed.

Changed means: against --base, else against where this branch left its upstream, else the last
commit. What passed once is remembered by content, so a second run is quick.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "dev"
CACHE = ROOT / "build" / "lint"


def git(*args):
    return subprocess.run(["git", "-C", str(ROOT), *args], capture_output=True, text=True).stdout.split("\n")[:-1]


def tracked():
    names = git("ls-files") + git("ls-files", "--others", "--exclude-standard")
    return sorted({n for n in names if (ROOT / n).is_file()})


def base_of(base):
    """The commit before what changed; None when there is none."""
    if not base:
        upstream = git("merge-base", "HEAD", "@{upstream}")
        head = git("rev-parse", "HEAD")
        base = upstream[0] if upstream and upstream != head else "HEAD~1"
    return base if git("rev-parse", "--verify", "-q", base) else None


def changed(base):
    if not base:
        return tracked()
    return git("diff", "--name-only", base) + git("ls-files", "--others", "--exclude-standard")


def check_samples():
    """Each rule must catch its sample: a rule that can not fail is none."""
    for rule in rules.RULES:
        samples = list((ROOT / "tests/lint/samples").glob(rule.__name__ + ".*"))
        if not samples:
            yield f"rule {rule.__name__} has no failing sample"
        for sample in samples:
            first, _, text = sample.read_text(encoding="utf-8").partition("\n")
            path = first.removeprefix("path: ").strip()
            if rule is rules.file_length:
                text = text * 600
            if rule is rules.function_length:
                text = text.replace("  body;\n", "  body;\n" * 80)
            if not list(rule(path, text)):
                yield f"rule {rule.__name__} does not notice its sample"


def house_rules(files):
    for name in files:
        if not name.endswith((".cpp", ".h", ".py", ".ts", ".json", ".txt", ".cmake", ".md")) and name != "run":
            continue
        if name.startswith("tests/lint/samples/"):
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        for rule in rules.RULES:
            for line, sentence in rule(name, text):
                yield f"{name}:{line}: {sentence} [{rule.__name__}]"
    yield from rules.driver_folders(ROOT)


def commits(base):
    for line in git("log", "--no-merges", "--format=%h %s", f"{base}..HEAD") if base else []:
        commit, _, subject = line.partition(" ")
        for _, sentence in rules.commit_subject("commit", subject):
            yield f"commit {commit}: {sentence} [commit_subject]"


def formatting(files):
    sources = [n for n in files if n.endswith((".cpp", ".h")) and not n.startswith("tests/lint/samples/")]
    if sources:
        done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *sources], cwd=ROOT,
                              capture_output=True, text=True)
        for line in done.stderr.split("\n"):
            if "error:" in line:
                yield line


def compile_commands():
    """gcc's commands without what clang does not know; its precompiled headers among that."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    out = {}
    for c in commands:
        text = re.sub(r"-Winvalid-pch|-include \S+cmake_pch\.hxx|-Werror|-fno-plt", "", c["command"])
        text = re.sub(r"^\S*ccache ", "", text)
        out[os.path.relpath(c["file"], ROOT)] = {**c, "command": text}
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "compile_commands.json").write_text(json.dumps(list(out.values())))
    return out


def tidy_one(name, command, settings):
    """Complaints about one file; remembers by content what had none."""
    # Not a word about the object: the compiler would empty it.
    asked = re.sub(r" -(?:o|MT|MF) \S+| -MD\b", "", command)
    headers = subprocess.run(asked + " -MM", shell=True, cwd=BUILD, capture_output=True, text=True).stdout
    digest = hashlib.blake2b(settings + command.encode())
    for header in sorted(set(re.findall(re.escape(str(ROOT)) + r"/\S+", headers)) | {str(ROOT / name)}):
        if os.path.exists(header):
            digest.update(pathlib.Path(header).read_bytes())
    mark = CACHE / digest.hexdigest()[:32]
    if mark.exists():
        return ""
    done = subprocess.run(["clang-tidy-19", "-quiet", "-p", str(CACHE), "--extra-arg=-w", name], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode == 0:
        mark.touch()
        return ""
    return done.stdout + (done.stderr if "error:" not in done.stdout else "")


def tidy(files):
    commands = compile_commands()
    settings = (ROOT / ".clang-tidy").read_bytes()
    sources = [n for n in files if n in commands and n.endswith(".cpp")]
    print(f"clang-tidy: {len(sources)} files", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda n: tidy_one(n, commands[n]["command"], settings), sources)
        for name, complaint in zip(sources, complaints):
            if complaint:
                print(complaint, flush=True)
                yield f"clang-tidy: {name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--base")
    parser.add_argument("--no-tidy", action="store_true")
    args = parser.parse_args()
    if not (BUILD / "compile_commands.json").exists():
        subprocess.run(["cmake", "--preset", "dev"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    everything = tracked()
    base = base_of(args.base)
    some = everything if args.all else [n for n in changed(base) if (ROOT / n).is_file()]
    wrong = [*check_samples(), *house_rules(everything), *formatting(everything), *commits(base)]
    if not args.no_tidy:
        wrong += tidy(sorted(set(some)))
    for sentence in wrong:
        print(sentence)
    print(f"lint: {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
