#!/usr/bin/env python3
"""Marked pieces are asked about before a sale is quoted; the shop's rule decides what nobody can tell of."""
import socketserver
import sys
import tempfile
import threading

from shop import Shop, wait_for

GTIN = "0104601234567893"
ALLOWED, FORBIDDEN, UNKNOWN = (f"{GTIN}21{serial}\x1d93test" for serial in ("good-1", "bad-1", "odd-1"))


class Service(socketserver.ThreadingTCPServer):
    """Knows pieces by their serial number; `asked` is what it was asked."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.asked = []
        service = self

        class Line(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    code = line.decode().strip().replace("|", "\x1d")
                    service.asked.append(code)
                    self.wfile.write(b"A\n" if "good" in code else b"F\n" if "bad" in code else b"U\n")
        super().__init__(("127.0.0.1", 0), Line)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def main():
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev")
        service = Service()
        make = shop.config

        def config():
            make()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                f.write(f'[[device]]\nid = "marks"\nplugin = "line_marking"\nport = "tcp:127.0.0.1:{port}"\n')
        shop.config = config
        port = service.server_address[1]
        online = lambda: next(d for d in shop.api("GET", "/v1/devices")[1]["devices"] if d["id"] == "marks")["online"]
        quoted = lambda sale: shop.api("POST", f"/v1/sales/{sale}/quote")
        counted = lambda what: f"tillbridge_marking_{what}_total" in shop.api("GET", "/metrics")[1]

        def sells(codes):
            answer = shop.pay(shop.basket(codes))[1]
            return answer["state"] == "committed"

        try:
            shop.start_all()
            sale = shop.basket(["4607000000021", ALLOWED])
            for _ in range(3):
                shop.ok(quoted(sale))
            assert service.asked == [ALLOWED], service.asked
            assert shop.pay(sale)[1]["state"] == "committed"
            assert not counted("unchecked"), "it was not understood"
            print("an allowed piece: asked about once, sold")

            sale = shop.basket(["4607000000021", FORBIDDEN])
            status, answer = quoted(sale)
            assert status == 422 and "TB-4012" in str(answer) and "line 2: withdrawn from sale" in str(answer), answer
            assert "bad-1" not in str(answer) and "bad-1" not in shop.processes["gateway"].said(), "the code is told"
            assert shop.state(sale) == "open", shop.state(sale)
            shop.ok(shop.api("POST", f"/v1/sales/{sale}/lines/2", {"quantity": "0"}))
            assert shop.pay(sale)[1]["state"] == "committed"
            print("a forbidden piece: named by its line; without it the sale goes on")

            assert sells([UNKNOWN]) and counted("unchecked"), "the rule is to sell"
            service.shutdown()
            service.server_close()
            shop.processes["gateway"].stop()
            port = 9  # nobody listens
            config()
            shop.start_gateway()
            shop.wait_register()
            assert not online() and sells([f"{GTIN}21good-2\x1d93test"])
            assert "marked pieces are not checked" in shop.processes["gateway"].said()
            print("unknown, and the service away: sold, with a warning")

            shop.processes["gateway"].stop()
            shop.store = 'marking_away = "refuse"'
            config()
            shop.start_gateway()
            shop.wait_register()
            sale = shop.basket([f"{GTIN}21good-3\x1d93test"])
            status, answer = quoted(sale)
            assert status == 503 and "TB-4013" in str(answer) and "line 1" in str(answer), answer
            assert sells(["4607000000021"]), "goods without a mark are nobody's business"
            print("the same with \"refuse\": not sold, other goods are")
            wait_for("delivered", shop.settled, 60)
        finally:
            shop.stop_all()


if __name__ == "__main__":
    main()
