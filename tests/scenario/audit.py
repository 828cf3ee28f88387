#!/usr/bin/env python3
"""Audits a shop's folder with none of our code: the register's memory against the journal against
the ledger, one to one, and every balance against its postings.

    audit.py FOLDER              exit 0 when everything agrees, 1 with every disagreement named
    audit.py FOLDER --spoil      spoils a copy (drops or doubles one record, chosen by --seed) and
                                 audits that: it must fail
    audit.py FOLDER --spoil-all  does so for every record there is; exit 0 when each was noticed
    audit.py FOLDER --table      prints the proof table too

It reads the files as they lie: fiscal_memory.jsonl (FFD TLV), SQLite, and the protobuf wire format.
"""
import argparse
import hashlib
import json
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import uuid

KINDS = {1: "sale", 2: "sale_return", 3: "purchase", 4: "purchase_return"}


# ---- the register's memory ----

def tlv(data):
    """[(tag, value)] of one level of FFD TLV."""
    out, at = [], 0
    while at + 4 <= len(data):
        tag = int.from_bytes(data[at:at + 2], "little")
        length = int.from_bytes(data[at + 2:at + 4], "little")
        if at + 4 + length > len(data):
            raise ValueError("TLV runs over its end")
        out.append((tag, data[at + 4:at + 4 + length]))
        at += 4 + length
    if at != len(data):
        raise ValueError("TLV ends in the middle")
    return out


def witness(data):
    """The attempt's key in tag 1084/1086, or None."""
    for tag, value in tlv(data):
        if tag < 1000:
            found = witness(value)
            if found:
                return found
        if tag == 1084:
            for inner, text in tlv(value):
                if inner == 1086:
                    return text.decode("cp866")
    return None


def ffd_document(d):
    return {"fn": d["fn"], "fd": d["fd"], "type": d["type"], "op": d.get("op", 0), "total": d.get("total", 0),
            "fpd": d["fpd"], "witness": witness(bytes.fromhex(d["tlv"])) if d["type"] in (3, 31) else None}


def paper_document(d):
    """A Datecs printer's: the witness is fiscal text, "#TB1:...#" and "#TB2:...#"."""
    sold = d["kind"] in ("sale", "return")
    marks = [line[5:-1] for line in d["paper"] if line.startswith("#TB") and line.endswith("#")]
    return {"fn": d["fm"], "fd": d["number"], "type": 3 if sold else 0, "op": {"sale": 1, "return": 2}.get(d["kind"], 0),
            "total": d["total"], "fpd": 0, "witness": "".join(marks) if sold and marks else None}


def memory_file(folder):
    """The register the shop sold on: the virtual one, an ATOL's (behind its web server or library) or a Datecs's."""
    found = [f for f in (folder / "atol", folder / "library", folder / "datecs", folder / "register")
             if (f / "fiscal_memory.jsonl").exists()]
    return max((f / "fiscal_memory.jsonl" for f in found), key=lambda f: f.stat().st_size,
               default=folder / "register" / "fiscal_memory.jsonl")


def read_memory(folder):
    file = memory_file(folder)
    read = paper_document if file.parent.name == "datecs" else ffd_document
    with open(file, encoding="utf-8") as lines:
        return [read(json.loads(line)) for line in lines]


# ---- the journal and the ledger ----

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """{number: last value} of a protobuf message; integers or bytes."""
    return dict(pairs(data))


def pairs(data):
    """[(number, value)] of a protobuf message, repeated fields as often as they stand there."""
    out, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError(f"wire type {key & 7}")
        out.append((key >> 3, value))
    return out


def zigzag(n):
    return (n >> 1) ^ -(n & 1)


def effects_of(payload):
    """What a sale's entry says beside points: ({(purse, to): amount}, {coupon codes}, cashier)."""
    sale, purses, codes = fields(payload)[1], {}, set()
    for number, value in pairs(sale):
        if number == 21:
            entry = fields(value)
            account = (entry.get(1, b"").decode(), entry.get(2, b"").decode())
            # What one entry earns and another spends are two postings; their sum is what counts.
            purses[account] = purses.get(account, 0) + zigzag(entry.get(3, 0))
        elif number == 19:
            codes.add(fields(value)[1].decode())
    return purses, codes, fields(sale).get(24, b"").decode()


def sale_of(payload):
    """(sale/attempt, total, redeemed, accrued, document number) of a sale's entry, else None."""
    fact = fields(payload)
    if 1 not in fact:
        return None
    sale = fields(fact[1])
    mark = fields(sale.get(14, b""))
    return (f"{uuid.UUID(bytes=sale[1])}/{sale.get(2, 0)}", sale.get(10, 0), sale.get(11, 0),
            sale.get(12, 0), mark.get(2, 0))


def rows(database, query):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(r) for r in connection.execute(query)]
    finally:
        connection.close()


def ledger_file(folder):
    found = sorted((folder / "central").glob("*.db"))
    return found[0] if found else folder / "central" / "central.db"


def key(sale, attempt):
    return f"{uuid.UUID(bytes=sale)}/{attempt}"


# ---- the checks; each yields sentences about what is wrong ----

def check_memory(memory):
    seen = {}
    last = {}
    for d in memory:
        if d["fd"] != last.get(d["fn"], 0) + 1:
            yield f"register: document {d['fd']} of {d['fn']} follows {last.get(d['fn'], 0)}"
        last[d["fn"]] = d["fd"]
        if d["witness"]:
            if d["witness"] in seen:
                yield f"register: documents {seen[d['witness']]} and {d['fd']} are both of {d['witness']}"
            seen[d["witness"]] = d["fd"]


def on_paper(sale, body):
    """What the document of a finished sale says as its total: points that are a payment stand in it."""
    if body.get("plain"):
        return body["plain"]["total"]
    quote = body.get("quote") or {}
    return sale["total"] + (quote["by_points"] if quote.get("points_are_payment") else 0)


def document_of(memory, documents, sale, name, plain):
    """By its witness; a correction of FFD 1.05 has no place for one, it is the document the sale names."""
    if name in documents or not (plain or {}).get("correction"):
        return documents.get(name)
    return next((d for d in memory if (d["fn"], d["fd"]) == (sale["fiscal_memory"], sale["fiscal_document"])
                 and d["type"] == 31 and not d["witness"]), None)


def check_journal(memory, sales):
    documents, undone = {}, {}
    for d in memory:
        if d["witness"]:
            documents.setdefault(d["witness"], d)
    finished = {}
    for s in sales:
        if s["state"] not in ("committed", "settled_by_person"):
            continue
        name = f"{s['id']}/{s['attempt']}"
        finished[name] = s
        body = json.loads(s["body"])
        plain = body.get("plain")  # a document that is no sale from a basket
        if body.get("undoes"):
            undone.setdefault(body["undoes"], []).append(on_paper(s, body))
        d = document_of(memory, documents, s, name, plain)
        if d is None:
            yield f"journal: sale {name} is {s['state']} but no document of it is in the register"
            continue
        if (d["fn"], d["fd"]) != (s["fiscal_memory"], s["fiscal_document"]):
            yield f"journal: sale {name} names document {s['fiscal_document']}, it is {d['fd']}"
        if d["total"] != on_paper(s, body):
            yield f"journal: sale {name} is {on_paper(s, body)}, its document {d['fd']} says {d['total']}"
        if KINDS.get(d["op"]) != (plain["kind"] if plain else "sale_return" if s["is_return"] else "sale"):
            yield f"journal: sale {name} and its document {d['fd']} are of different kinds"
    for name, d in documents.items():
        given_back = undone.get(name.split("/")[0], [])
        if name not in finished and d["total"] in given_back:
            given_back.remove(d["total"])  # found after its sale was sold again, and returned
        elif name not in finished:
            yield f"register: document {d['fd']} is of {name}, which the journal does not have committed"


def check_stream(outbound, sales, source):
    previous, sequence, told = None, None, {}
    for e in outbound:
        if sequence is not None and e["sequence"] != sequence + 1:
            yield f"{source}: entry {e['sequence']} follows {sequence}"
        if previous is not None and e["previous"] != previous:
            yield f"{source}: entry {e['sequence']} does not hang on the one before"
        if hashlib.blake2b(e["previous"] + e["payload"], digest_size=32).digest() != e["hash"]:
            yield f"{source}: entry {e['sequence']} has another hash than its content"
        sequence, previous = e["sequence"], e["hash"]
        sale = sale_of(e["payload"])
        if sale:
            if sale[0] in told:
                yield f"{source}: entries {told[sale[0]][0]} and {e['sequence']} are both of {sale[0]}"
            told[sale[0]] = (e["sequence"], *sale)
    for s in sales:
        name = f"{s['id']}/{s['attempt']}"
        if s["state"] in ("committed", "settled_by_person") and name not in told:
            yield f"{source}: no entry for sale {name}"


def check_entries(outbound, entries):
    ours = {e["sequence"]: e["hash"] for e in outbound}
    theirs = {}
    for e in entries:
        if e["sequence"] in theirs:
            yield f"central: entry {e['sequence']} twice"
        theirs[e["sequence"]] = e["hash"]
        if hashlib.blake2b(ours.get(e["sequence"] - 1, b"") + e["payload"], digest_size=32).digest() != e["hash"] \
                and e["sequence"] - 1 in ours:
            yield f"central: entry {e['sequence']} has another content than its hash says"
    for n, h in ours.items():
        if n not in theirs:
            yield f"central: entry {n} of the store's stream is missing"
        elif theirs[n] != h:
            yield f"central: entry {n} is not the one the store wrote"
    for n in theirs:
        if n not in ours:
            yield f"journal: entry {n}, which central has, is missing"


def check_ledger(folder, outbound, sales):
    ledger = ledger_file(folder)
    booked = {}
    for s in rows(ledger, "SELECT * FROM sales"):
        name = key(s["sale"], s["attempt"])
        if name in booked:
            yield f"ledger: sale {name} twice"
        booked[name] = s
    postings = rows(ledger, "SELECT * FROM postings")
    by_sale, balance = {}, {}
    for p in postings:
        by_sale.setdefault(key(p["sale"], p["attempt"]), []).append(p)
        account = (p["customer"], p["unit"])
        balance[account] = balance.get(account, 0) + p["points"]
    facts = [f for f in (sale_of(e["payload"]) for e in outbound) if f]
    kinds = {f"{s['id']}/{s['attempt']}": s["is_return"] for s in sales}
    for name, total, redeemed, accrued, document in facts:
        s = booked.get(name)
        if s is None:
            yield f"ledger: sale {name} was never booked"
            continue
        if (s["total"], s["fiscal_number"]) != (total, document):
            yield f"ledger: sale {name} is booked with another total or document"
        sign = -1 if kinds.get(name) else 1
        points = sum(p["points"] for p in by_sale.get(name, [])
                     if (p["customer"], p["unit"]) == (s["customer"], "points"))
        if s["customer"] and points != sign * (accrued - redeemed):
            yield f"ledger: postings of {name} add up to {points}, its receipt says {sign * (accrued - redeemed)}"
    yield from check_effects(ledger, outbound, booked, by_sale, kinds)
    for name in booked:
        if name not in {f[0] for f in facts}:
            yield f"ledger: sale {name} is booked but in no entry of the journal"
    for a in rows(ledger, "SELECT * FROM accounts"):
        account = (a["customer"], a["unit"])
        if a["balance"] != balance.pop(account, 0):
            yield f"ledger: balance of {account[0]} is not the sum of its postings"
    for account, points in balance.items():
        if points:
            yield f"ledger: postings of {account[0]} without an account"
    lots = rows(ledger, "SELECT customer, unit, sum(remaining) AS points FROM lots GROUP BY 1, 2")
    debts = rows(ledger, "SELECT customer, unit, sum(outstanding) AS points FROM debts GROUP BY 1, 2")
    rest = {(r["customer"], r["unit"]): r["points"] for r in lots}
    for r in debts:
        rest[(r["customer"], r["unit"])] = rest.get((r["customer"], r["unit"]), 0) - r["points"]
    for a in rows(ledger, "SELECT * FROM accounts"):
        if rest.get((a["customer"], a["unit"]), 0) != a["balance"]:
            yield f"ledger: lots and debts of {a['customer']} are not its balance"
    finished = {key(s["sale"], s["attempt"]) for s in booked.values()}
    for h in rows(ledger, "SELECT * FROM holds WHERE state = 'granted' AND kind = 'hold'"):
        if key(h["sale"], h["attempt"]) in finished:
            yield f"ledger: hold of finished sale {key(h['sale'], h['attempt'])} is still open"
    for d in rows(ledger, "SELECT * FROM dead_letters"):
        yield f"central: entry {d['sequence']} was set aside: {d['detail']}"


def check_effects(ledger, outbound, booked, by_sale, kinds):
    """Stamps, other purses, other accounts and coupons: the ledger has what the receipts say, no more."""
    told = set()
    for e in outbound:
        fact = sale_of(e["payload"])
        if not fact or fact[0] not in booked:
            continue
        name, customer = fact[0], booked[fact[0]]["customer"]
        purses, codes, cashier = effects_of(e["payload"])
        referred = {r["name"] for r in rows(ledger, "SELECT name FROM customer_facts WHERE kind = 'referrer' "
                                            f"AND customer = '{customer}'")}
        account = {"": customer, "cashier": f"cashier:{cashier}", "referrer": next(iter(referred), "")}
        expected = {}
        for (purse, to), amount in purses.items():
            if account.get(to, f"partner:{to}"):
                expected[account.get(to, f"partner:{to}"), purse] = amount
        has = {}
        for p in by_sale.get(name, []):
            if (p["customer"], p["unit"]) != (customer, "points"):
                has[p["customer"], p["unit"]] = has.get((p["customer"], p["unit"]), 0) + p["points"]
        if {k: v for k, v in has.items() if v} != {k: v for k, v in expected.items() if v}:
            yield f"ledger: stamps and other accounts of {name} are {has}, its receipt says {expected}"
        if not kinds.get(name):
            told |= {(code, name) for code in codes}
    used = {(u["code"], key(u["sale"], u["attempt"])) for u in rows(ledger, "SELECT * FROM coupon_uses")}
    for code, name in told ^ used:
        yield f"ledger: coupon {code} of {name} is {'not in the book' if (code, name) in told else 'in the book only'}"


def audit(folder):
    """Every disagreement in words; an empty list when all is proven."""
    wrong = []
    try:
        memory = read_memory(folder)
        journal = folder / "store" / "journal.db"
        sales = rows(journal, "SELECT * FROM sales")
        outbound = rows(journal, "SELECT * FROM outbound ORDER BY sequence")
        entries = rows(ledger_file(folder), "SELECT * FROM entries ORDER BY sequence")
        for checks in (check_memory(memory), check_journal(memory, sales),
                       check_stream(outbound, sales, "journal"), check_entries(outbound, entries),
                       check_ledger(folder, outbound, sales)):
            wrong += checks
    except (OSError, ValueError, KeyError, sqlite3.Error) as e:
        wrong.append(f"can not be read: {e}")
    return wrong


def table(folder):
    """The proof, a line a finished sale: document, journal, entry, postings."""
    journal = folder / "store" / "journal.db"
    documents = {d["witness"]: d for d in read_memory(folder) if d["witness"]}
    told = {}
    for e in rows(journal, "SELECT * FROM outbound ORDER BY sequence"):
        fact = sale_of(e["payload"])
        if fact:
            told[fact[0]] = e["sequence"]
    points = {}
    for p in rows(ledger_file(folder), "SELECT * FROM postings"):
        points.setdefault(key(p["sale"], p["attempt"]), []).append(p["points"])
    out = [f"{'sale / attempt':40} {'state':10} {'total':>9} {'doc':>4} {'entry':>5}  postings"]
    for s in rows(journal, "SELECT * FROM sales ORDER BY id"):
        name = f"{s['id']}/{s['attempt']}"
        posted = " ".join(f"{p / 100:+.2f}" for p in points.get(name, [])) or "-"
        out.append(f"{name:40} {s['state']:10} {(-1 if s['is_return'] else 1) * s['total'] / 100:9.2f} "
                   f"{documents.get(name, {}).get('fd', '-'):>4} {told.get(name, '-'):>5}  {posted}")
    memory = read_memory(folder)
    foreign = [d["fd"] for d in memory if d["type"] == 3 and not d["witness"]]
    out.append(f"register: {len(memory)} documents, {len(documents)} of our sales, foreign {foreign}")
    for a in rows(ledger_file(folder), "SELECT * FROM accounts ORDER BY customer"):
        out.append(f"balance {a['customer']}: {a['balance'] / 100:.2f} = sum of its postings")
    return "\n".join(out)


# ---- planted mistakes ----

def places(folder):
    """Every record that can be dropped or doubled: (place, number of records)."""
    counts = [("register", len(read_memory(folder)))]
    journal, ledger = folder / "store" / "journal.db", ledger_file(folder)
    finished = "state IN ('committed', 'settled_by_person')"
    counts.append(("journal.sales", len(rows(journal, f"SELECT 1 FROM sales WHERE {finished}"))))
    counts.append(("journal.outbound", len(rows(journal, "SELECT 1 FROM outbound"))))
    for name in ("entries", "sales", "postings", "coupon_uses"):
        counts.append((f"ledger.{name}", len(rows(ledger, f"SELECT 1 FROM {name}"))))
    return counts


def spoil(folder, place, n, double):
    """Drops or doubles record n of a place. Doubling writes it a second time under a new key."""
    if place == "register":
        path = memory_file(folder)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[n:n + 1] = [lines[n], lines[n]] if double else []
        path.write_text("".join(lines), encoding="utf-8")
        return
    base, name = place.split(".")
    database = folder / "store" / "journal.db" if base == "journal" else ledger_file(folder)
    connection = sqlite3.connect(database)
    where = " WHERE state IN ('committed', 'settled_by_person')" if place == "journal.sales" else ""
    columns = [r[1] for r in connection.execute(f"PRAGMA table_info({name})")]
    row = dict(zip(columns, connection.execute(
        f"SELECT * FROM {name}{where} LIMIT 1 OFFSET {n}").fetchone()))
    if double:
        again = dict(row)
        for column, value in (("id", str(uuid.uuid4())), ("till_number", str(uuid.uuid4())),
                              ("posting", uuid.uuid4().bytes), ("n", None)):
            if column in again and not (column == "id" and isinstance(row["id"], bytes)):
                again[column] = value
        if "sequence" in again and name in ("outbound", "entries"):
            again["sequence"] = 1 + connection.execute(f"SELECT max(sequence) FROM {name}").fetchone()[0]
        if place in ("ledger.sales", "ledger.coupon_uses"):
            again["attempt"] += 1
        connection.execute(f"INSERT INTO {name} VALUES ({','.join('?' * len(columns))})",
                           [again[c] for c in columns])
    else:
        match = " AND ".join(f"{c} IS ?" for c in columns)
        connection.execute(f"DELETE FROM {name} WHERE {match}", [row[c] for c in columns])
    connection.commit()
    connection.close()


def spoiled_audit(folder, place, n, double):
    with tempfile.TemporaryDirectory() as copy:
        copy = pathlib.Path(copy) / "copy"
        for part in ("register", "store", "central"):
            shutil.copytree(folder / part, copy / part, ignore=shutil.ignore_patterns("*.sock", "paper"))
        spoil(copy, place, n, double)
        return audit(copy)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--spoil", action="store_true")
    parser.add_argument("--spoil-all", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    if args.table:
        print(table(args.folder))
    if args.spoil_all:
        missed = planted = 0
        for place, count in places(args.folder):
            for n in range(count):
                for double in (False, True):
                    planted += 1
                    if not spoiled_audit(args.folder, place, n, double):
                        missed += 1
                        print(f"NOT NOTICED: {place} record {n} {'doubled' if double else 'dropped'}")
        print(f"{planted} planted mistakes, {planted - missed} noticed")
        return 1 if missed else 0
    if args.spoil:
        seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
        chance = random.Random(seed)
        place, n = chance.choice([(p, n) for p, count in places(args.folder) for n in range(count)])
        double = chance.random() < 0.5
        print(f"spoiled (--seed {seed}): {place} record {n} {'doubled' if double else 'dropped'}")
        wrong = spoiled_audit(args.folder, place, n, double)
    else:
        wrong = audit(args.folder)
    for sentence in wrong:
        print(f"WRONG  {sentence}")
    if not wrong:
        print("audit: the register, the journal and the ledger agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
