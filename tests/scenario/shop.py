"""A whole shop as real processes on loopback: central, virtual devices, gateway, terminal till.

Used by the demo and by the scenario tests. Standard library only.
"""
import hashlib
import json
import os
import pathlib
import queue
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = pathlib.Path(__file__).resolve().parent / "store"
GOLD_CARD = "2900000000018"
SILVER_CARD = "2900000000025"


def free_port():
    """A loopback port below 32768 that nobody has now."""
    for _ in range(2000):
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port below 32768")


def wait_for(what, check, seconds=20.0):
    """Waits until check() gives something true and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"{what}: not within {seconds:.0f} s")


class Process:
    """One program of ours; ended by its own id, never by name."""

    def __init__(self, name, command, log, stdin=subprocess.DEVNULL):
        self.name, self.log = name, log
        self.output = open(log, "ab")  # the log of an earlier life stays in front
        self.start = self.output.tell()
        self.p = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, stdin=stdin)

    def alive(self):
        return self.p.poll() is None

    def said(self):
        return self.log.read_bytes()[self.start:].decode(errors="replace")

    def wait_ready(self, seconds=20.0):
        def ready():
            if not self.alive():
                raise RuntimeError(f"{self.name} ended: {self.said()[-2000:]}")
            return "ready" in self.said()
        wait_for(f"{self.name} ready", ready, seconds)

    def stop(self, how=signal.SIGTERM):
        if self.alive():
            self.p.send_signal(how)
            try:
                self.p.wait(10)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait(10)
        self.output.close()


class Shop:
    """Folder layout: central/ (ledger), store/ (journal), register/, printer/, dev/, *.log."""

    def __init__(self, folder, preset="dev", language="ru"):
        self.folder = pathlib.Path(folder).resolve()
        self.bin = ROOT / "build" / preset / "bin"
        self.plugins = ROOT / "build" / preset / "lib"
        self.language = language
        self.processes = {}
        self.port, self.tell, self.ask = free_port(), free_port(), free_port()
        self.token, self.senior_token = secrets.token_hex(16), secrets.token_hex(16)
        self.token_2 = secrets.token_hex(16)
        self.store_key = secrets.token_hex(32)
        self.register_over = "pty"
        self.fiscal_by = "gateway"
        self.operators = ""  # TOML
        self.program = FILES / "program.json"
        self.goods = FILES / "goods.json"
        self.store = ""  # TOML, more of [store]
        self.other_register = None  # ports -> (plugin, port, settings)
        self.second_register = None  # the same, of till 2; then the first one is till 1's
        self.without = set()  # devices a test leaves out
        self.sim_options = ()

    # ---- set-up ----

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "logs").mkdir(parents=True)
        (self.folder / "token").write_text(self.token)
        os.chmod(self.folder / "token", 0o600)
        self.start_central()
        self.central("store", "add", "shop-1", "--out", str(self.folder / "shop-1.key"))
        self.central("program", "set", str(self.program))

    def central(self, *args, check=True):
        """A tillbridge-central command on this shop's data; its output."""
        command = [self.bin / "tillbridge-central", *args, "--data", str(self.folder / "central")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, args))}: {done.stdout}{done.stderr}")
        return done.stdout

    def config(self):
        blake = lambda t: hashlib.blake2b(t.encode(), digest_size=32).hexdigest()
        ports = json.loads((self.folder / "ports.json").read_text())
        phone = ports["phone"]
        text = f'''
[store]
fiscal_by = "{self.fiscal_by}"
id = "shop-1"
data = "store"
plugins = "{self.plugins}"
goods = "{self.goods}"
program = "{self.program}"
central_key = "shop-1.key"
language = "{self.language}"
{self.store}
[api]
listen = "127.0.0.1:{self.port}"
[secrets]
store_key = "{self.store_key}"
[codes]
channel = "sms"
resend_s = 1
[[till]]
id = "1"
token_hash = "{blake(self.token)}"
[[till]]
id = "senior"
role = "senior"
token_hash = "{blake(self.senior_token)}"
[[card]]
type = "gold"
prefix = "29000000"
length = 13
check = "ean"
'''
        text += self.operators
        devices = [("scanner", "scanner_serial", "pty:dev/scanner", ""),
                   ("reader", "reader_magstripe_serial", "pty:dev/reader", ""),
                   ("register", *(self.other_register(ports) if self.other_register else
                                ("register_shtrih", self.register_port(), ""))),
                   ("printer", "printer_escpos", "pty:dev/printer", ""),
                   ("sms", "sms_http", "none",
                    f'[device.settings]\nurl = "http://127.0.0.1:{phone}/sms"\n')]
        whose = {"scanner": "1", "reader": "1"}
        if self.second_register:
            devices.append(("register-2", *self.second_register(ports)))
            whose |= {"register": "1", "register-2": "2"}
            text += f'[[till]]\nid = "2"\ntoken_hash = "{blake(self.token_2)}"\n'
        for name, plugin, port, settings in devices:
            if name in self.without:
                continue
            text += f'[[device]]\nid = "{name}"\nplugin = "{plugin}"\nport = "{port}"\n'
            text += f'till = "{whose[name]}"\n' if name in whose else ""
            text += settings
        (self.folder / "store.toml").touch(0o600)
        (self.folder / "store.toml").write_text(text)

    # ---- processes ----

    def start(self, name, *command):
        log = self.folder / "logs" / f"{name}.log"
        self.processes[name] = Process(name, [str(c) for c in command], log)
        self.processes[name].wait_ready()

    def start_central(self):
        self.start("central", self.bin / "tillbridge-central", "run", "--data", self.folder / "central",
                   "--tell", f"tcp://127.0.0.1:{self.tell}", "--ask", f"tcp://127.0.0.1:{self.ask}")

    def start_sim(self):
        self.start("sim", self.bin / "tillbridge-sim", "--dir", self.folder, *self.sim_options)

    def register_port(self):
        ports = json.loads((self.folder / "ports.json").read_text())
        return "pty:dev/register" if self.register_over == "pty" else f"tcp:127.0.0.1:{ports['register']}"

    def start_gateway(self):
        self.start("gateway", self.bin / "tillbridge", "run", "--config", self.folder / "store.toml")
        (self.folder / "gateway.pid").write_text(str(self.processes["gateway"].p.pid))

    def start_all(self, devices_online=True, armed=True):
        self.prepare()
        self.start_sim()
        self.config()
        self.start_gateway()
        if devices_online:
            wait_for("all devices online", lambda: all(
                d["online"] for d in self.api("GET", "/v1/devices")[1]["devices"]))
            if armed:
                self.arm()
            wait_for("central online", lambda: self.api("GET", "/v1/health")[1]["central_online"])

    def arm(self, number="9999078900000001"):
        """The operator confirms the register's fiscal memory: only then live receipts are made."""
        place = "registers/register" if self.second_register else "register"
        done = self.ok(self.api("POST", f"/v1/{place}/arm", {"fiscal_memory": number}, token=self.senior_token))
        if self.second_register:
            state = self.ok(self.api("GET", "/v1/registers/register-2/status", token=self.senior_token))["state"]
            self.ok(self.api("POST", "/v1/registers/register-2/arm", {"fiscal_memory": state["fiscal_memory"]}, token=self.senior_token))
        return done

    def wait_register(self):
        """After a start, or once a cable is back."""
        wait_for("the register", lambda: self.api("GET", "/v1/health")[1]["register_online"], 30)

    def kill_gateway(self):
        self.processes["gateway"].stop(signal.SIGKILL)

    def stop_all(self):
        for name in ("till", "gateway", "sim", "central"):
            if name in self.processes:
                process = self.processes.pop(name)
                if not process.alive() and process.p.returncode:
                    print(f"{name} had ended with {process.p.returncode}: {process.said()[-2000:]}", flush=True)
                process.stop()

    # ---- talking ----

    def api(self, method, path, body=None, key=None, token=None, headers=None):
        """(status, JSON) of one request to the till API."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        request.add_header("Authorization", f"Bearer {token or self.token}")
        request.add_header("Accept-Language", "en")
        if key:
            request.add_header("Idempotency-Key", key)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data=data, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read())

    def sim(self, do, **more):
        """One verb to the virtual devices."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "control.sock"))
            s.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
            line = s.makefile().readline()
        answer = json.loads(line)
        if not answer.get("ok"):
            raise RuntimeError(f"{do}: {answer}")
        return answer

    def hash_of(self, kind, number):
        """The keyed hash under which central knows a card or phone of this store."""
        out = subprocess.run([str(self.bin / "tillbridge"), "identity", "--config",
                              str(self.folder / "store.toml"), f"--{kind}", number],
                             capture_output=True, text=True, check=True, timeout=30)
        return out.stdout.strip()

    def documents(self):
        return self.sim("register.documents")["documents"]

    def settled(self):
        """True when central has acknowledged everything the journal holds."""
        health = self.api("GET", "/v1/health")[1]
        return health["outbound"] == health["acknowledged"] and health["in_doubt"] == 0

    # ---- whole sales over the API ----

    def basket(self, codes, card=None, points=None, number=None, token=None):
        number = number or secrets.token_hex(6)
        sale = self.ok(self.api("POST", "/v1/sales", {"number": number, "cashier": "Иванова"}, token=token))["id"]
        for code in codes:
            self.ok(self.api("POST", f"/v1/sales/{sale}/lines", {"code": code}, token=token))
        if card:
            self.ok(self.api("POST", f"/v1/sales/{sale}/identify", {"card": card}))
        if points:
            self.ok(self.api("POST", f"/v1/sales/{sale}/points", {"points": points}))
        return sale

    @staticmethod
    def receipt(lines, price, **more):
        """A receipt with lines of its own for /v1/documents: `lines` names of goods at one price."""
        sold = [{"name": name, "price": price, "quantity": 1000, "sum": price, "discount": 0,
                 "tax": {"kind": "rate", "rate": 2200}, "marking_code": "",
                 "ru_ffd": {"payment_object_1212": 1, "payment_method_1214": 4, "measure_2108": 0}} for name in lines]
        return {"kind": "sale", "witness": "", "total": price * len(sold), "contact": "", "payments": [],
                "cashier": {"name": "", "tax_number": ""}, "ru_ffd": {"tax_system_1055": 1}, "lines": sold, **more}

    def pay(self, sale, key=None, token=None):
        quote = self.ok(self.api("POST", f"/v1/sales/{sale}/quote", token=token))["quote"]
        body = {"quote": quote["id"], "payments": [{"tender": "electronic", "amount": quote["total"]}]}
        return self.api("POST", f"/v1/sales/{sale}/pay", body, key=key or quote["id"], token=token)

    def state(self, sale):
        return self.api("GET", f"/v1/sales/{sale}", token=self.senior_token)[1]["state"]

    @staticmethod
    def ok(answer):
        status, body = answer
        if status >= 300:
            raise RuntimeError(f"{status}: {json.dumps(body, ensure_ascii=False)[:600]}")
        return body


class Till:
    """`tillbridge sale` as a person uses it: lines typed, text read."""

    def __init__(self, shop, echo=False, language=None):
        self.echo = echo
        command = [str(shop.bin / "tillbridge"), "sale", "--url", f"http://127.0.0.1:{shop.port}",
                   "--token-file", str(shop.folder / "token"), "--sim", str(shop.folder / "control.sock"),
                   "--language", language or shop.language]
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.seen = ""
        self.expect("help")

    def _read(self):
        for line in self.p.stdout:
            self.lines.put(line)

    def type(self, text):
        if self.echo:
            print(f"\033[1m> {text}\033[0m", flush=True)
        self.p.stdin.write(text + "\n")
        self.p.stdin.flush()

    def expect(self, pattern, seconds=30):
        """Reads until a line matches; returns the match. What came is shown when echoing."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"the till never said {pattern!r}; last: {self.seen[-1500:]}") from None
            self.seen += line
            shown = line.rstrip("\n").removeprefix("> ")
            if self.echo and shown.strip():
                print("  " + shown, flush=True)
            found = re.search(pattern, line)
            if found:
                return found

    def stop(self):
        if self.p.poll() is None:
            self.p.stdin.close()
            try:
                self.p.wait(5)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait(5)


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)
