#!/usr/bin/env python3
"""pages.py [--check]: docs/authors/verbs.md and verbs.ru.md from the schemas of this folder."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "authors"

WORDS = {
    "en": {"title": "Verbs, events and the manifest", "file": "verbs.md", "other": "[По-русски](verbs.ru.md)",
           "intro": "Made from the JSON Schemas in `sdk/schema` (installed: `share/tillbridge/schema`) by `sdk/schema/pages.py`; change it there. An operation "
                    "ends *done* with the result below, *refused* (nothing happened) or *in doubt*. A field marked `?` "
                    "may be absent or null.",
           "request": "asked", "result": "answered when done", "body": "body", "field": "field", "type": "type",
           "nothing": "nothing", "unused": "The gateway does not use it yet.", "verbs": "Operations",
           "events": "Events", "manifest": "manifest.json", "kinds": "Kinds", "kind": "kind", "needs": "must have", "may": "may have",
           "kinds_intro": "What a kind is about: `check` wants it so (`package.verbs`). A vendor's own names, with two dots or more\n(`org.acme.beep`), are of every kind. A published event comes from a device that speaks by itself: it needs `\"access\": \"port\"`\nor `\"direct\"`.", "event": "event", "or": "or", "one": "one of", "to": "to", "list": "list of"},
    "ru": {"title": "Операции, события и манифест", "file": "verbs.ru.md", "other": "[In English](verbs.md)",
           "intro": "Сделано из схем JSON Schema в `sdk/schema` (после установки `share/tillbridge/schema`) программой `sdk/schema/pages.py`; правьте там. Операция "
                    "кончается *сделано* с ответом ниже, *отказ* (ничего не произошло) или *сомнение*. Поле с `?` может "
                    "отсутствовать или быть null.",
           "request": "запрос", "result": "ответ, когда сделано", "body": "тело", "field": "поле", "type": "тип",
           "nothing": "ничего", "unused": "Шлюз пока этого не использует.", "verbs": "Операции",
           "events": "События", "manifest": "manifest.json", "kinds": "Виды", "kind": "вид", "needs": "обязан уметь", "may": "может уметь",
           "kinds_intro": "Из чего состоит вид: так требует `check` (`package.verbs`). Свои имена поставщика, с двумя точками или больше\n(`org.acme.beep`), есть у любого вида. Событие из этого списка приходит от устройства, которое говорит само: нужен `\"access\": \"port\"`\nили `\"direct\"`.", "event": "событие", "or": "или", "one": "одно из", "to": "до",
           "list": "список"},
}
RU = {"minor units of the currency": "в копейках (наименьших единицах валюты)", "thousandths": "в тысячных",
      "hundredths of a percent": "в сотых процента", "integer": "целое", "string": "строка", "boolean": "да/нет",
      "object": "объект", "null": "null",
      "reverse DNS: org.example.scanner_acme": "обратный DNS: org.example.scanner_acme",
      "semver: 1.2.3": "semver: 1.2.3", "file name beside the manifest": "имя файла рядом с манифестом",
      "operations it offers": "операции, которые он умеет",
      "verbs whose key may come again, also after a restart: the same result, and nothing is done again":
          "операции, ключ которых может прийти снова, и после перезапуска: тот же ответ, и ничего не делается второй раз",
      "events it may emit, without event.": "события, которые он может послать, без event.",
      "port: bytes pumped by the gateway; http: requests through it; none: a rule; direct: opens devices itself":
          "port: байты качает шлюз; http: запросы через шлюз; none: правило; direct: сам открывает устройства",
      "who answers for it: a name and an address": "кто за него отвечает: имя и адрес",
      "settings of an instance: type, enum, minimum, maximum, minLength, maxLength, default, writeOnly (a secret)":
          "настройки экземпляра: type, enum, minimum, maximum, minLength, maxLength, default, writeOnly (секрет)"}


class Page:
    def __init__(self, language):
        self.words, self.russian, self.out = WORDS[language], language == "ru", []

    def say(self, text):
        return RU.get(text, text) if self.russian else text

    def type_of(self, schema):
        w = self.words
        if "anyOf" in schema:
            kinds = [self.type_of(s) for s in schema["anyOf"] if s.get("type") != "null"]
            return f" {w['or']} ".join(dict.fromkeys(kinds))
        if "enum" in schema:
            return f"{w['one']} " + ", ".join(f"`{v}`" for v in schema["enum"])
        if "const" in schema:
            return f"`{schema['const']}`"
        text = self.say(schema.get("type", "object"))
        if text in ("array",):
            text = f"{w['list']} {self.type_of(schema.get('items', {}))}"
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None or high is not None:
            text += f" {low if low is not None else '…'} {w['to']} {high if high is not None else '…'}"
        if "description" in schema and not self.properties(schema):
            text += ", " + self.say(schema["description"])
        return text

    @staticmethod
    def properties(schema):
        return schema.get("properties", {})

    def fields(self, schema, prefix=""):
        required = schema.get("required", [])
        for name, inner in self.properties(schema).items():
            optional = "" if name in required else "?"
            yield f"| `{prefix}{name}{optional}` | {self.type_of(inner)} |"
            options = inner.get("anyOf", [inner])
            for option in options:
                deeper = option.get("items", option) if option.get("type") == "array" else option
                mark = "[]." if option.get("type") == "array" else "."
                for each in deeper.get("anyOf", [deeper]):
                    yield from self.fields(each, f"{prefix}{name}{mark}")

    def table(self, caption, schema):
        rows = list(dict.fromkeys(self.fields(schema)))
        if not rows:
            self.out.append(f"{caption}: {self.words['nothing']}.\n")
            return
        self.out += [f"{caption}:\n", f"| {self.words['field']} | {self.words['type']} |", "|---|---|", *rows, ""]

    def describe(self, schema):
        self.out += [f"### {schema['title'].removeprefix('event.')}", "",
                     schema["x-description-ru" if self.russian else "description"]]
        if not schema.get("x-used-by-gateway", True):
            self.out[-1] += " " + self.words["unused"]
        self.out.append("")

    def kinds(self, kinds):
        w = self.words
        self.out += [f"## {w['kinds']}", "", w["kinds_intro"], "", f"| {w['kind']} | {w['needs']} | {w['may']} |", "|---|---|---|"]
        for kind, rule in kinds.items():
            named = [", ".join(f"{w['event']} `{n.removeprefix('event.')}`" if n.startswith("event.") else f"`{n}`" for n in rule[part])
                     for part in ("needs", "may")]
            self.out.append(f"| `{kind}` | {named[0]} | {named[1]} |")

    def render(self, schemas, manifest):
        w = self.words
        self.out = [f"# {w['title']}", "", w["other"], "", w["intro"], ""]
        for chapter, chosen in (("verbs", False), ("events", True)):
            self.out += [f"## {w[chapter]}", ""]
            for schema in (s for s in schemas if s["title"].startswith("event.") == chosen):
                self.describe(schema)
                for part in ("request", "result", "body"):
                    if part in schema["properties"]:
                        self.table(w[part], schema["properties"][part])
        self.out += [f"## {w['manifest']}", "", manifest["x-description-ru" if self.russian else "description"], ""]
        self.table(w["body"], manifest)
        self.kinds(manifest["x-kinds"])
        return "\n".join(self.out).rstrip() + "\n"


def main():
    files = sorted(HERE.glob("*.json"))
    schemas = [json.loads(f.read_text(encoding="utf-8")) for f in files if f.stem != "manifest"]
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    wrong = 0
    for language in WORDS:
        page = Page(language)
        path, text = DOCS / page.words["file"], page.render(schemas, manifest)
        if "--check" not in sys.argv:
            DOCS.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is not what the schemas say: run sdk/schema/pages.py")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
