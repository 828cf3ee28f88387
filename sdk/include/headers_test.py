#!/usr/bin/env python3
"""headers_test.py INCLUDE COMPILER…: every public C header compiles alone, and as a whole plugin,
as C11, C17, C++17, C++20 and C++23, without a warning.
"""
import pathlib
import subprocess
import sys

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


def main():
    include, compilers = sys.argv[1], [c for c in sys.argv[2:] if c]
    headers = sorted(h.name for h in pathlib.Path(__file__).parent.glob("tillbridge/*.h"))
    assert "plugin.h" in headers, headers
    wrong = 0
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
