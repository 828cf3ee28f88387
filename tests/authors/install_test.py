#!/usr/bin/env python3
"""install_test.py BUILD: a plugin's author who has nothing but the installed SDK.

Installs the build, looks whether its pages and the kit's words lead anywhere, makes a plugin from every
template, builds it outside the tree (gcc, clang; one driver as plain C11) and checks it; then goes
through docs/authors/tutorial.md word by word.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sdk" / "tool"))
from places import wrong_places
BUILD = pathlib.Path(sys.argv[1]).resolve()
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang-19", "clang++-19")}


def run(*args, cwd=None, env=None, good=True):
    done = subprocess.run([str(a) for a in args], cwd=cwd, env=env, capture_output=True, text=True)
    if good and done.returncode:
        sys.exit(f"{' '.join(map(str, args))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def watched(prefix, folder, name, package, env, sanitizers, what):
    """The same plugin built so that it watches itself: the whole kit goes through it without a word."""
    out = folder / f"build-{sanitizers[:7]}"
    run("cmake", "-B", out, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_FLAGS=-fsanitize={sanitizers}",
        f"-DCMAKE_CXX_FLAGS=-fsanitize={sanitizers}", cwd=folder)
    run("cmake", "--build", out, "--target", name, cwd=folder)
    run(prefix / "bin" / "tillbridge-plugin", "check", package, {"address": "--asan", "threads": "--tsan"}[what], out / name,
        "--include", f"sanitized.{what}", "--timeout", "60000", env=env)


def build(prefix, folder, name, compiler, *more):
    c, cxx = COMPILERS[compiler]
    out = folder / f"build-{compiler}"
    run("cmake", "-B", out, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={c}",
        f"-DCMAKE_CXX_COMPILER={cxx}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror",
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *more, cwd=folder)
    run("cmake", "--build", out, cwd=folder)
    return out / name


def templates(prefix, work):
    tool = prefix / "bin" / "tillbridge-plugin"
    assert f"export PATH={prefix}/bin:$PATH\n" in run(tool, "new", "rule", "org.example.first", cwd=work)
    made = {path.name for path in (prefix / "share" / "tillbridge" / "templates").iterdir()} - {"common"}
    assert len(made) >= 12, made
    for template in sorted(made):
        name = f"{template}_acme"
        run(tool, "new", template, f"org.example.{name}", cwd=work)
        for compiler in COMPILERS:
            if compiler == "clang" and not shutil.which("clang-19"):
                print(f"{template:9} clang  not built: there is no clang-19 here")
                continue
            # Who writes C needs neither Boost nor a compiler of C++.
            alone = ["-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON", "-DCMAKE_CXX_COMPILER=false",
                     "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"] if template == "c" else []
            package = build(prefix, work / name, name, compiler, *alone)
            if compiler == "clang" and template not in ("scanner", "c"):
                print(f"{template:9} clang  built")
                continue
            # Where the vendor's library would be, the template's stand-in.
            env = {**os.environ, "LD_LIBRARY_PATH": str(package.parent)}
            report = json.loads(run(tool, "check", package, "--json", good=False, env=env))
            bad = [c for c in report["checks"] if c["status"] not in ("pass", "skip")]
            assert not bad, (template, compiler, bad)
            tier = json.loads(run(tool, "tier", package, "--json", env=env))
            assert tier["tier"] == "silver", (template, tier)
            if compiler == "gcc":
                watched(prefix, work / name, name, package, env, "address,undefined", "address")
            if template == "vendor":
                alone = json.loads(run(tool, "tier", package, "--json"))
                assert alone["tier"] == "bronze" and any("LD_LIBRARY_PATH" in m for m in alone["missing"]), alone
            print(f"{template:9} {compiler:6} {sum(c['status'] == 'pass' for c in report['checks'])} checks, {tier['tier']}")
    # What an author takes away is not in the package any more.
    extra = work / "c_acme" / "recordings" / "extra.json"
    shutil.copy(extra.with_name("works.json"), extra)
    packed = work / "c_acme" / "build-gcc" / "c_acme" / "recordings" / extra.name
    for there in (True, False):
        run("cmake", "--build", packed.parents[2])
        assert packed.exists() == there, f"{packed} is {'not ' if there else ''}there"
        extra.unlink(missing_ok=True)
    for compiler in COMPILERS if shutil.which("clang-19") else ["gcc"]:
        commands = json.loads((work / "c_acme" / f"build-{compiler}" / "compile_commands.json").read_text())
        assert commands and all("-std=c11 " in c["command"] for c in commands), commands


def odd_name(prefix, work):
    """Whatever stands in a manifest's name comes through CMake as it is."""
    tool = prefix / "bin" / "tillbridge-plugin"
    for kind in ("drawer", "c"):
        folder = work / f"odd_{kind}"
        run(tool, "new", kind, f"org.example.odd_{kind}", folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["name"] = 'Касса "A"; $B $<C> ${D} @E@ \\F #G [H'
        (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        package = build(prefix, folder, f"odd_{kind}", "gcc")
        run(tool, "check", package, "--include", "^load")
    print("a name with quotes, dollars and semicolons")


def examples(prefix, work):
    """An example repository, copied out of the installed SDK: built, tested, checked, watched by ThreadSanitizer."""
    tool = prefix / "bin" / "tillbridge-plugin"
    for source in sorted((prefix / "share" / "tillbridge" / "examples").iterdir()):
        folder = work / source.name
        shutil.copytree(source, folder)
        for compiler in COMPILERS:
            if compiler == "clang" and not shutil.which("clang-19"):
                continue
            package = build(prefix, folder, source.name, compiler)
            print(run("ctest", "--test-dir", package.parent, "--output-on-failure").strip().splitlines()[-3])
        package = folder / "build-gcc" / source.name
        env = {**os.environ, "LD_LIBRARY_PATH": str(folder / "build-gcc")}
        watched(prefix, folder, source.name, package, env, "thread", "threads")
        tier = json.loads(run(tool, "tier", package, "--json", env=env))
        assert tier["tier"] == "silver", tier
        print(f"example {source.name}: gcc, clang, ThreadSanitizer, {tier['tier']}")


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower()).replace(" ", "-")


def dead_links(root):
    """Every link of every page leads to a file of the tree, and to a heading in it where it names one."""
    for page in sorted(root.rglob("*.md")):
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, heading = link.partition("#")
            target = page.parent / path if path else page
            if re.match(r"[a-z]+:", link) or (not heading and target.exists()):
                continue
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M) if target.is_file() else []
            if heading not in map(anchor, headings):
                yield f"{page.relative_to(root)}: {link}"


def pages(prefix):
    checks = json.loads(run(prefix / "bin" / "tillbridge-plugin", "check", "--list", "--json"))
    lost = [f"{c['id']}: {part}" for c in checks for part in wrong_places(prefix, c["place"])]
    wrong = [*dead_links(prefix / "share"), *lost]
    assert not wrong, "\n".join(wrong)
    print(f"{len(list((prefix / 'share').rglob('*.md')))} pages without a dead link, {len(checks)} checks name what is installed")


def blocks(text):
    """(language, file name or None, body) of every fenced block; a file's name stands in the line before."""
    for match in re.finditer(r"(?:^`([\w./-]+)`:\n\n)?^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        yield match.group(2), match.group(1), match.group(3)


def tutorial(prefix, work, page):
    """Every `sh` block is typed into one shell, every named block becomes that file."""
    env = {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix)}
    here = work / page.stem
    here.mkdir()
    count = 0
    for language, name, body in blocks(page.read_text(encoding="utf-8")):
        if language == "sh":
            script = f"cd {here}\n" + body + "\npwd > " + str(work / "cwd")
            done = subprocess.run(["bash", "-e", "-c", script], env=env, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{page.name}: {body}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
            here = pathlib.Path((work / "cwd").read_text().strip())
            said = done.stdout
            count += 1
        elif name:
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
        elif language == "output":
            for line in body.splitlines():
                assert line.strip() in said, f"{page.name}: it does not say {line!r}:\n{said}"
    assert count >= 4, f"{page.name}: only {count} commands"
    print(f"{page.name}: {count} commands as they stand there")


def own_plugins(prefix):
    """Every plugin of the tree stands where the installed gateway looks, and works from there."""
    installed = prefix / "lib" / "tillbridge" / "plugins"
    ours = {path.parent.name for folder in ("drivers", "plugins") for path in (ROOT / folder).rglob("manifest.json")}
    assert ours == {path.name for path in installed.iterdir()} and len(ours) >= 9, sorted(ours)
    tier = json.loads(run(prefix / "bin" / "tillbridge-plugin", "tier", installed / "scanner_serial", "--json"))
    assert tier["tier"] == "silver", tier
    for program in ("tillbridge", "tillbridge-central", "tillbridge-plugin-host"):
        assert (prefix / "bin" / program).exists(), program
    print(f"{len(ours)} plugins of our own, installed")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        prefix = work / "prefix"
        run("cmake", "--install", BUILD, "--prefix", prefix)
        own_plugins(prefix)
        pages(prefix)
        templates(prefix, work)
        odd_name(prefix, work)
        examples(prefix, work)
        for page in sorted((ROOT / "docs" / "authors").glob("tutorial*.md")):
            tutorial(prefix, work, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
