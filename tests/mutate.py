"""Plants a known mistake into one source file, links it into one test program and runs that.

A mistake is a text edit, so the product's code knows nothing of it. A program that does not notice
one is no proof.
"""
import json
import pathlib
import shlex
import subprocess


class Mutator:
    """`build` is a configured and built Ninja folder."""

    def __init__(self, root, build):
        self.root, self.build = pathlib.Path(root), pathlib.Path(build)
        self.commands = json.loads((self.build / "compile_commands.json").read_text())
        for c in self.commands:
            words = shlex.split(c["command"])
            c["output"] = words[words.index("-o") + 1]

    def compiled(self, source, target):
        """The command that compiles `source` for `target`: its own object, else its library's."""
        wanted = [c for c in self.commands if pathlib.Path(c["file"]) == self.root / source]
        own = [c for c in wanted if f"/{target}.dir/" in c["output"]]
        if not (own or wanted):
            raise SystemExit(f"nobody compiles {source}")
        return (own or wanted)[0]

    def link_command(self, target):
        out = subprocess.run(["ninja", "-C", self.build, "-t", "commands", "-s", f"bin/{target}"], capture_output=True,
                             text=True, check=True).stdout.strip().splitlines()[-1]
        command = out.split(" && ")[1] if " && " in out else out
        return shlex.split(command)

    def build_with(self, name, edits, target):
        """The program `target` with the edits in it, each (file, find, replace)."""
        folder = self.build / "mutants" / name
        folder.mkdir(parents=True, exist_ok=True)
        texts = {}
        for source, find, replace in edits:
            text = texts.get(source) or (self.root / source).read_text(encoding="utf-8")
            if text.count(find) != 1:
                raise SystemExit(f"{name}: {source} holds it {text.count(find)} times: {find!r}")
            texts[source] = text.replace(find, replace)
        link = self.link_command(target)
        link[link.index("-o") + 1] = str(folder / target)
        for source, text in texts.items():
            original, compiled = self.compile(folder, source, text, target)
            if original in link:
                link[link.index(original)] = compiled
            else:  # of a library: what is already defined is not taken from it
                link.insert(link.index("-o"), compiled)
        self.run(name, link)
        return folder / target

    def compile(self, folder, source, text, target):
        mutated = folder / pathlib.Path(source).name
        mutated.write_text(text, encoding="utf-8")
        command = self.compiled(source, target)
        arguments = [a for a in shlex.split(command["command"]) if a != "-Werror"]
        out = str(mutated.with_suffix(".o"))
        arguments[arguments.index("-o") + 1] = out
        arguments = [str(mutated) if a == str(self.root / source) else a for a in arguments]
        arguments.insert(-2, f"-I{(self.root / source).parent}")
        self.run(mutated.name, arguments)
        return command["output"], out

    def run(self, name, command):
        done = subprocess.run(command, cwd=self.build, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr[-2000:]}")
