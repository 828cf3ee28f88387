"""The house rules a program can check. Each takes (path, text) and yields (line, sentence).

Every rule has a file in samples/ that breaks it; lint.py refuses to run if a sample passes.
"""
import re

import abi

CPP = (".cpp", ".h")

# Who may include whom (design §5): the first folder that fits decides.
MAY_INCLUDE = [
    ("sdk/cpp/base/", ["sdk/cpp/base/"]),
    ("sdk/testkit/", ["sdk/", "tillbridge/"]),
    ("sdk/tool/", ["sdk/", "tillbridge/", "gateway/base/errors.h", "gateway/supervisor/manifest.h",
                   "gateway/plugin_host/host_load.h", "gateway/devices/port.h", "gateway/devices/http_client.h",
                   "gateway/devices/fake_usb_printer.h", "protocols/plugin_ipc/plugin_ipc.h"]),
    ("sdk/", ["sdk/", "tillbridge/"]),
    ("protocols/", ["protocols/", "sdk/cpp/base/", "sdk/cpp/fiscal.h", "sdk/cpp/ru_ffd.h", "gateway/base/limits.h"]),
    ("drivers/", ["drivers/", "protocols/", "sdk/", "tillbridge/"]),
    ("plugins/", ["plugins/", "protocols/", "sdk/", "tillbridge/"]),
    ("gateway/", ["gateway/", "protocols/", "sdk/", "tillbridge/"]),
    ("central/", ["central/", "gateway/base/", "gateway/loyalty/", "gateway/goods/", "protocols/",
                  "sdk/cpp/base/"]),
    ("sim/", ["sim/"]),
    ("tests/", ["tests/", "central/", "gateway/", "protocols/", "sdk/", "sim/", "tillbridge/"]),
]
OURS = ("central/", "drivers/", "gateway/", "plugins/", "protocols/", "sdk/", "sim/", "tests/", "tillbridge/")
PURE = ("gateway/loyalty/", "gateway/checkout/", "gateway/identify/", "gateway/goods/", "protocols/")
IMPURE = re.compile(r"#include <(sys/|unistd|fcntl|netinet/|poll\.h|pthread|thread|mutex|chrono|ctime|"
                    r"random|boost/asio|boost/beast|zmq|sqlite3|fstream|filesystem|libusb|termios)")
INCLUDE = re.compile(r'#include [<"]([^>"]+)[>"]')


def lines(text, pattern):
    found = re.compile(pattern)
    for n, line in enumerate(text.splitlines(), 1):
        if found.search(line):
            yield n, line


def include_rules(path, text):
    """A folder includes only what design §5 allows it to."""
    allowed = next((a for folder, a in MAY_INCLUDE if path.startswith(folder)), None)
    if allowed is None or not path.endswith(CPP):
        return
    for n, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include or not include.group(1).startswith(OURS):
            continue
        name = include.group(1)
        if not any(name.startswith(a) for a in allowed):
            yield n, f"{path.split('/')[0]} may not include {name}"


def pure_folders(path, text):
    """The pure folders hold no socket, thread, clock, file or random number."""
    if path.startswith(PURE) and path.endswith(CPP) and not path.endswith(("_test.cpp", "_fuzz.cpp")):
        for n, line in lines(text, IMPURE):
            yield n, f"a pure folder includes {line.split()[1]}"
        for n, line in lines(text, r"\b(std::)?(time|rand|getenv|gettimeofday|clock_gettime)\("):
            yield n, f"a pure folder calls the system: {line.strip()}"


def one_spdlog(path, text):
    """One file includes spdlog: it is slow to compile."""
    if path.endswith(CPP) and path != "gateway/base/log.cpp":
        for n, _ in lines(text, r"#include <spdlog/"):
            yield n, "only gateway/base/log.cpp includes spdlog"


def hidden_protobuf(path, text):
    """Protobuf stays behind protocols/central/wire.h."""
    if path.endswith(CPP) and path != "protocols/central/wire.cpp":
        for n, _ in lines(text, r"#include [<\"](google/protobuf|protocols/central/central\.pb)"):
            yield n, "only protocols/central/wire.cpp includes protobuf"


def pragma_once(path, text):
    """Every header guards itself; the C header by macros."""
    if path.endswith(".h") and not path.startswith("sdk/include/") and "#pragma once" not in text:
        yield 1, "no #pragma once"


def file_length(path, text):
    """A file has at most 500 lines, a test 1500."""
    limit = 1500 if "_test." in path or path.startswith("tests/") else 500
    count = text.count("\n")
    if path.endswith((*CPP, ".py")) and count > limit:
        yield count, f"{count} lines, at most {limit}"


def function_length(path, text):
    """A function has at most 70 lines (tests and tables apart)."""
    if not path.endswith(".cpp") or "_test." in path or "table" in path:
        return
    start = None
    for n, line in enumerate(text.splitlines(), 1):
        if start is None and re.match(r"^(  )?[A-Za-z_~\[].*\) ?(const|override|noexcept|final| )*(-> .*)?{$", line) \
                and not re.match(r"^ *(namespace|class|struct|enum|union)\b", line):
            start, indent = n, len(line) - len(line.lstrip())
        elif start is not None and line.startswith(" " * indent + "}") and len(line.rstrip()) <= indent + 2:
            if n - start > 70:
                yield start, f"a function of {n - start} lines, at most 70"
            start = None


def no_leftovers(path, text):
    """Nothing is left to be done later in a comment."""
    if path.endswith((*CPP, ".py", ".ts")) and not path.startswith("tests/lint/"):
        for n, line in lines(text, r"\b(TODO|FIXME|XXX|HACK)\b"):
            yield n, f"left over: {line.strip()}"


def no_machine_paths(path, text):
    """No path of a machine and no registry's host stands in the tree."""
    if path.startswith("tests/lint/"):
        return
    for n, line in lines(text, r"(^|[\s\"'=(])/(home|work|root)/[a-z]|registry\.npmjs|deb\.debian\.org"):
        yield n, f"names a machine or a registry: {line.strip()[:80]}"


def no_raw_log(path, text):
    """Phones and cards are logged only as masked types: reveal() never stands in a log call."""
    if path.endswith(".cpp"):
        for n, line in lines(text, r"log_(info|warning|error)\(.*reveal\("):
            yield n, f"a secret in a log line: {line.strip()[:80]}"


def no_float_money(path, text):
    """Money, points and quantities never pass through floating point."""
    if path.startswith(("gateway/loyalty/", "gateway/checkout/", "gateway/goods/", "central/ledger/",
                        "sdk/cpp/base/")) and path.endswith(CPP):
        for n, line in lines(text, r"\b(double|float)\b"):
            if "//" not in line.split("double")[0].split("float")[0]:
                yield n, f"floating point: {line.strip()[:80]}"


def commit_subject(path, text):
    """`dir: imperative subject`, at most 72 characters."""
    if path == "commit" and (len(text.strip()) > 72 or not re.match(r"[\w/*, -]+: \w", text)):
        yield 1, f"not `dir: subject` of at most 72 characters: {text.strip()}"


def abi_snapshot(path, text):
    """What was published of the plugin boundary stays as it is."""
    yield from abi.check(path, text)


RULES = [abi_snapshot, commit_subject, include_rules, pure_folders, one_spdlog, hidden_protobuf, pragma_once, file_length,
         function_length, no_leftovers, no_machine_paths, no_raw_log, no_float_money]


def driver_folders(root):
    """Every driver and plugin has the same files, and stands in both device tables."""
    readmes = [(root / name).read_text(encoding="utf-8") for name in ("README.md", "README.ru.md")
               if (root / name).exists()]
    for manifest in sorted([*root.glob("drivers/*/manifest.json"), *root.glob("plugins/*/*/manifest.json")]):
        folder = manifest.parent
        for name in ("README.md", "models.json", "driver.cpp", "driver_test.cpp", "CMakeLists.txt"):
            if not (folder / name).exists():
                yield f"{folder.relative_to(root)}: no {name}"
        for text, language in zip(readmes, ("README.md", "README.ru.md")):
            if folder.name not in text:
                yield f"{language}: the device table does not name {folder.name}"
