"""Strangers at central's door: nothing of theirs reaches the ledger.

Starts its own central, lets two stores tell one sale each, then tries what somebody without the
right key, or with another store's, could try. The database is read with Python's sqlite3.
"""

import argparse
import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

import zmq

WAIT_MS = 3000  # for an answer that has to come
SILENCE_MS = 700  # for one that must not


# ---- protobuf by hand: varints and length-delimited fields are all the messages have ----


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    found, at = {}, 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = number()
        value = number()
        if key & 7 == 2:
            value, at = message[at : at + value], at + value
        found[key >> 3] = value
    return found


def hello(store, epoch=5):
    return field(1, field(1, store) + field(2, epoch) + field(3, 1))


def entry(sequence, previous, payload):
    digest = hashlib.blake2b(previous + payload, digest_size=32).digest()
    body = field(1, sequence) + field(2, os.urandom(16))
    body += field(3, previous) + field(4, digest) + field(5, payload)
    return field(2, body), digest


def sale(customer, accrued):
    body = field(1, os.urandom(16)) + field(2, 1) + field(3, "till-1") + field(5, 1767225600000000)
    return field(1, body + field(8, customer) + field(10, 10000) + field(12, accrued))


def said(message):
    """('position', sequence), ('trouble', code) or what else it was."""
    if message is None:
        return ("silence", None)
    top = fields(message)
    if 3 in top:
        return ("position", fields(top[3]).get(2, 0))
    if 4 in top:
        return ("trouble", fields(top[4]).get(2, 0))
    return ("answer", fields(message).get(2, 0))


# ---- connections ----


class Door:
    """A DEALER socket at central; `keys` None = no security."""

    def __init__(self, context, endpoint, server_key=None, keys=None, plain=False):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndtimeo = SILENCE_MS  # refused: there is nobody to send to any more
        if keys:
            self.socket.curve_serverkey = server_key.encode()
            self.socket.curve_publickey, self.socket.curve_secretkey = keys
        if plain:
            self.socket.plain_username, self.socket.plain_password = b"store-a", b"x"
        self.socket.connect(endpoint)

    def ask(self, message, wait_ms=WAIT_MS):
        try:
            self.socket.send(message)
        except zmq.Again:
            return None
        return self.socket.recv() if self.socket.poll(wait_ms) else None

    def close(self):
        self.socket.close()


class Recorder:
    """A TCP relay to central that keeps what the store's side sent."""

    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("tcp://").split(":")
        self.target = (host, int(port))
        self.listener = listen_low()
        self.endpoint = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.sent = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        near, _ = self.listener.accept()
        far = socket.create_connection(self.target)
        threading.Thread(target=self.pump, args=(far, near, False), daemon=True).start()
        self.pump(near, far, True)

    def pump(self, source, sink, keep):
        try:
            while piece := source.recv(65536):
                if keep:
                    self.sent += piece
                sink.sendall(piece)
        except OSError:
            pass
        source.close()
        sink.close()


def listen_low():
    for port in range(20000, 32768):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
            return listener
        except OSError:
            listener.close()
    raise RuntimeError("no free port")


# ---- the scenario ----


class Scenario:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.data = os.path.join(folder, "data")
        self.context = zmq.Context()
        self.rows = []
        self.process = subprocess.Popen(
            [program, "run", "--data", self.data, "--log", os.path.join(folder, "log")]
            + ["--tell", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*"],
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self):
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("central does not start")
        with open(os.path.join(self.data, "central.json"), encoding="utf-8") as file:
            self.central = json.load(file)

    def add_store(self, name):
        path = os.path.join(self.folder, name + ".json")
        command = [self.program, "store", "add", name, "--data", self.data, "--out", path]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as file:
            store = json.load(file)
        return (store["public_key"].encode(), store["secret_key"].encode())

    def door(self, keys=None, endpoint=None, plain=False):
        endpoint = endpoint or self.central["tell"]
        return Door(self.context, endpoint, self.central["server_key"], keys, plain)

    def ledger(self):
        """Everything that a stranger must not change."""
        uri = "file:%s?mode=ro" % os.path.join(self.data, "central.db")
        base = sqlite3.connect(uri, uri=True)
        tables = ["sales", "postings", "accounts", "lots", "debts", "holds", "customers"]
        state = {t: base.execute("SELECT * FROM %s ORDER BY 1, 2" % t).fetchall() for t in tables}
        base.close()
        return state

    def value(self, sql):
        uri = "file:%s?mode=ro" % os.path.join(self.data, "central.db")
        base = sqlite3.connect(uri, uri=True)
        row = base.execute(sql).fetchone()
        base.close()
        return row[0] if row else None

    def check(self, what, good, seen):
        self.rows.append((what, seen, good))

    def attempt(self, what, act, expected):
        """Runs one attempt; `expected` is what central may say."""
        before = self.ledger()
        answers = act()
        same = self.ledger() == before
        seen = ", ".join("%s %s" % (k, v) if v is not None else k for k, v in answers)
        self.check(what, answers == expected and same, seen + ("" if same else ", LEDGER CHANGED"))

    def honest(self, name, keys, endpoint=None):
        """One sale the right way; the frames it took."""
        door = self.door(keys, endpoint)
        first, _ = entry(1, bytes(32), sale("customer-" + name, 500))
        frames = [hello(name), first]
        answers = [said(door.ask(frame)) for frame in frames]
        door.close()
        self.check("store %s tells a sale" % name, answers == [("position", 0), ("position", 1)],
                   ", ".join("%s %s" % a for a in answers))
        return frames

    def run(self):
        a, b, c = (self.add_store("store-" + letter) for letter in "abc")
        recorder = Recorder(self.central["tell"])
        frames_a = self.honest("store-a", a, recorder.endpoint)
        frames_b = self.honest("store-b", b)
        self.check("two sales are in the ledger",
                   self.value("SELECT count(*) FROM postings") == 2, "")
        self.check("the recorder has A's connection", len(recorder.sent) > 500,
                   "%d bytes" % len(recorder.sent))
        forged, _ = entry(1, bytes(32), sale("customer-store-a", 900000))

        def tell(frames, wait_ms=WAIT_MS, **how):
            door = self.door(**how)
            answers = [said(door.ask(frame, wait_ms)) for frame in frames]
            door.close()
            return answers

        silence = [("silence", None)] * 2
        self.attempt("an unknown CURVE key",
                     lambda: tell([hello("store-a"), forged], SILENCE_MS, keys=zmq.curve_keypair()),
                     silence)
        self.attempt("plain ZMTP, no security",
                     lambda: tell([hello("store-a"), forged], SILENCE_MS), silence)
        self.attempt("ZMTP with PLAIN name and password",
                     lambda: tell([hello("store-a"), forged], SILENCE_MS, plain=True), silence)
        lookup = field(1, 1) + field(5, field(2, "abc"))
        self.attempt("a question with an unknown key",
                     lambda: tell([lookup], SILENCE_MS, keys=zmq.curve_keypair(),
                                  endpoint=self.central["ask"]), silence[:1])
        self.attempt("the bytes of store A's connection, again", lambda: self.replay(recorder.sent),
                     [("silence", None)])
        self.attempt("store A's messages, again, with A's key", lambda: tell(frames_a, keys=a),
                     [("position", 1), ("position", 1)])
        self.attempt("store B's messages with A's key", lambda: tell(frames_b, keys=a),
                     [("trouble", 7003), ("trouble", 7004)])
        self.attempt("store B's entry as C's own first",
                     lambda: tell([hello("store-c"), frames_b[1]], keys=c),
                     [("position", 0), ("trouble", 7008)])
        self.attempt("store B's entry in A's stream",
                     lambda: tell([hello("store-a"), frames_b[1]], keys=a),
                     [("position", 1), ("trouble", 7006)])
        self.after(b, frames_b)

    def replay(self, recorded):
        host, port = self.central["tell"].removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as wire:
            wire.settimeout(SILENCE_MS / 1000)
            wire.sendall(recorded)
            heard = b""
            try:
                while piece := wire.recv(65536):
                    heard += piece
            except (socket.timeout, ConnectionError):
                pass
        # A greeting and a WELCOME in the clear may come; READY would mean it was let in.
        return [("let in", None)] if b"READY" in heard else [("silence", None)]

    def after(self, b, frames_b):
        mismatch = self.value("SELECT count FROM alarms WHERE code = 7003 AND store = 'store-a'")
        self.check("the wrong store is in the alarms", mismatch == 1, "count %s" % mismatch)
        stopped = self.value("SELECT stopped FROM positions WHERE store = 'store-a'")
        self.check("the forked stream is stopped", stopped == 7006, "TB-%s" % stopped)
        door = self.door(b)
        second, _ = entry(2, fields(fields(frames_b[1])[2])[4], sale("customer-store-b", 300))
        answers = [said(door.ask(hello("store-b"))), said(door.ask(second))]
        door.close()
        self.check("store B goes on", answers == [("position", 1), ("position", 2)],
                   ", ".join("%s %s" % x for x in answers))
        prove = subprocess.run([self.program, "prove", "--data", self.data, "--lang", "en"],
                               stdout=subprocess.PIPE, text=True, check=False)
        self.check("the ledger adds up", prove.returncode == 0, prove.stdout.strip())

    def report(self):
        width = max(len(what) for what, _, _ in self.rows)
        for what, seen, good in self.rows:
            print("%-4s  %-*s  %s" % ("ok" if good else "BAD", width, what, seen))
        return all(good for _, _, good in self.rows)

    def stop(self):
        self.context.destroy(linger=0)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.check("central stops when told", self.process.wait(10) == 0, "")
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.check("central stops when told", False, "killed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--central", required=True, help="the program tillbridge-central")
    program = os.path.abspath(parser.parse_args().central)
    with tempfile.TemporaryDirectory(prefix="till_stranger_") as folder:
        scenario = Scenario(program, folder)
        try:
            scenario.start()
            scenario.run()
        finally:
            scenario.stop()
        return 0 if scenario.report() else 1


if __name__ == "__main__":
    sys.exit(main())
