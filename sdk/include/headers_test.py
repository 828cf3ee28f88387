#!/usr/bin/env python3
"""headers_test.py INCLUDE COMPILER…: every public C header compiles alone, and as a whole plugin,
as C11, C17, C++17, C++20 and C++23, without a warning. Every header that was published is still there,
and every published member lies where it lay: sdk/include/abi_layout.json has sizes and offsets where a
pointer takes eight bytes (a changed packing stands in no declaration); a first argument --adopt writes it.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

PLUGIN = """
#include <tillbridge/plugin.h>
static bool init(const char* directory) TILL_NOEXCEPT { return directory != NULL; }
static void deinit(void) TILL_NOEXCEPT {}
static const void* get_factory(const char* id) TILL_NOEXCEPT { return id == NULL ? id : NULL; }
const till_entry tillbridge_entry = {sizeof(till_entry), TILL_ABI_MAJOR, 0,
                                                 init, deinit, get_factory};
int has_dirty(const till_error* error);
int has_dirty(const till_error* error) { return TILL_HAS(error, dirty); }
"""
C = ["-Wstrict-prototypes", "-Wold-style-definition"]
STANDARDS = {"c11": C, "c17": C, "c++17": [], "c++20": [], "c++23": []}


def compile_(compiler, standard, include, text):
    language = "c++" if "+" in standard else "c"
    done = subprocess.run([compiler, f"-std={standard}", "-x", language, "-I", include, "-Wall", "-Wextra", "-Wpedantic",
                           "-Wshadow", "-Werror", *STANDARDS[standard], "-fsyntax-only", "-"], input=text,
                          capture_output=True, text=True)
    return done.stderr


HERE = pathlib.Path(__file__).parent
LAYOUT = HERE / "abi_layout.json"


def members_of(declarations):
    """The names of a struct's members, of its declarations in abi.json."""
    for d in declarations:
        pointer = re.search(r"\(\*(?:const )?(\w+)\)", d)
        yield pointer[1] if pointer else re.search(r"(\w+)(?:\[\w+\])?$", d)[1]


def layout(compiler, include, before=""):
    """{"till_error": {"": size, "code": offset, …}}, as this compiler lays it out; None without 64 bits."""
    snapshot = json.loads((HERE / "abi.json").read_text())
    structs = {name: list(members_of(found)) for header in snapshot.values() for name, found in header.items()
               if name.startswith("till_") and len(found) > 1}
    lines = [f'printf("{s} {m} %zu\\n", offsetof({s}, {m}));' for s, members in structs.items() for m in members]
    lines += [f'printf("{s} = %zu\\n", sizeof({s}));' for s in [*structs, "void*"]]
    text = (f"#include <stdio.h>\n#include <stddef.h>\n{before}\n#include <tillbridge/plugin.h>\n" +
            "".join(f"#include <tillbridge/{h}>\n" for h in snapshot) + "int main(void) {\n" + "\n".join(lines) + "\nreturn 0;}\n")
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "layout"
        subprocess.run([compiler, "-std=c11", "-x", "c", "-I", include, "-o", program, "-"], input=text, text=True, check=True)
        found = {}
        for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
            struct, member, at = line.split()
            found.setdefault(struct, {})["" if member == "=" else member] = int(at)
    return found if found.pop("void*")[""] == 8 else None


def moved(old, new):
    """Published members that lie elsewhere; a struct may grow at its end."""
    for struct, members in old.items():
        for member, at in members.items():
            now = new.get(struct, {}).get(member, -1)
            if now < at if member == "" else now != at:
                yield f"{struct}.{member or '(size)'} was at {at}, is at {now}"


def main():
    adopt = sys.argv[1] == "--adopt"
    include, *compilers = [c for c in sys.argv[2 if adopt else 1:] if c]
    headers = sorted(h.name for h in HERE.glob("tillbridge/*.h"))
    assert "plugin.h" in headers, headers
    wrong = 0
    for gone in sorted(set(json.loads((HERE / "abi.json").read_text())) - set(headers)):
        wrong += 1
        print(f"{gone} was published and is gone")
    if adopt:
        LAYOUT.write_text(json.dumps(layout(compilers[0], include), indent=1) + "\n")
    published = json.loads(LAYOUT.read_text())
    for compiler in compilers:
        if (found := layout(compiler, include)) is None:
            continue  # another machine's pointers
        complaints = list(moved(published, found))
        wrong += len(complaints)
        print("\n".join(f"{compiler}: {c}" for c in complaints), end="\n" if complaints else "")
        # The test can fail: packed, everything lies elsewhere.
        if not list(moved(published, layout(compiler, include, "#pragma pack(1)"))):
            wrong += 1
            print(f"{compiler}: takes packed structs")
    for compiler in compilers:
        for standard in STANDARDS:
            texts = {h: f"#include <tillbridge/{h}>\ntypedef int unit_is_not_empty;\n" for h in headers}
            texts["a plugin"] = PLUGIN
            for name, text in texts.items():
                complaint = compile_(compiler, standard, include, text)
                if complaint:
                    wrong += 1
                    print(f"{compiler} -std={standard}: {name}\n{complaint}")
            # The test can fail: a wrong type in the entry is an error everywhere.
            if not compile_(compiler, standard, include, PLUGIN.replace("void deinit(void)", "int deinit(int x)")):
                wrong += 1
                print(f"{compiler} -std={standard}: takes a wrong function")
    print(f"{len(headers)} headers, {len(STANDARDS)} standards, {', '.join(compilers)}: {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
