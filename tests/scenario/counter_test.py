#!/usr/bin/env python3
"""The counter's small devices in a real sale: display, drawer, scale; and a sale without them.

Three sample drivers (tests/scenario/plugins/line_*), their devices played here over TCP.
"""
import socket
import sys
import tempfile
import threading
import time

from shop import Shop, wait_for


class Peer:
    """A device that listens; `answer` gives the bytes for each line it hears."""

    def __init__(self, answer=lambda line: b""):
        self.answer, self.heard, self.line = answer, [], None
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                self.line, _ = self.server.accept()
                for text in self.line.makefile("rb"):
                    self.heard.append(text.decode().rstrip("\n"))
                    self.line.sendall(self.answer(self.heard[-1]))
            except OSError:
                return

    def drop(self):
        self.line.shutdown(socket.SHUT_RDWR)

    def stop(self):
        for s in (self.server, self.line):  # a thread is in them
            try:
                s.shutdown(socket.SHUT_RDWR)
                s.close()
            except (AttributeError, OSError):
                pass  # never connected, or gone already


def main():
    weight = [b"000734S\n"]
    display, drawer = Peer(), Peer(lambda line: b"K\n" if line == "O" else b"")
    scale = Peer(lambda line: weight[0] if line == "W" else b"")
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, sys.argv[1] if len(sys.argv) > 1 else "dev", language="en")
        shop.store = 'open_drawer = "cash"'
        plain = shop.config

        def config():
            plain()
            with open(shop.folder / "store.toml", "a", encoding="utf-8") as f:
                for name, peer in (("display", display), ("drawer", drawer), ("scale", scale)):
                    f.write(f'[[device]]\nid = "{name}"\nplugin = "line_{name}"\nport = "tcp:127.0.0.1:{peer.port}"\ntill = "1"\n')
        shop.config = config
        shows = lambda: display.heard[-2:]
        try:
            shop.start_all()
            sale = shop.basket(["4601234567893"])
            line = shop.api("GET", f"/v1/sales/{sale}")[1]["lines"][0]
            wait_for("the line shown", lambda: shows() and shows()[0] == f"1{line['price']} {line['name']}")
            assert shows()[1] == f"2TOTAL {line['price']}", shows()
            was = shows()
            display.heard.clear()
            display.drop()
            wait_for("the same again on a display that was away", lambda: shows() == was)

            def pay(tender, number):
                quote = shop.ok(shop.api("POST", f"/v1/sales/{number}/quote"))["quote"]
                wait_for("the total shown", lambda: shows()[1] == f"2TOTAL {quote['total']}")
                body = {"quote": quote["id"], "payments": [{"tender": tender, "amount": quote["total"]}]}
                assert shop.ok(shop.api("POST", f"/v1/sales/{number}/pay", body))["state"] == "committed"
                wait_for("thanked", lambda: shows() == ["1Thank you!", f"2TOTAL {quote['total']}"])
            pay("cash", sale)
            wait_for("the drawer open", lambda: drawer.heard == ["O"])
            pay("electronic", shop.basket(["4601234567893"]))
            time.sleep(0.5)
            assert drawer.heard == ["O"], "a card payment opened the drawer"
            parked = shop.basket(["4601234567893"])
            shop.ok(shop.api("POST", f"/v1/sales/{parked}/cancel"))
            wait_for("nothing shown", lambda: shows() == ["1", "2"])
            print("the display followed the sale; cash opened the drawer, a card did not")

            status, body = shop.api("POST", "/v1/scale/weigh")
            assert (status, body) == (200, {"weight": "0.734", "tare": "0.000", "stable": True}), (status, body)
            weight[0] = b"000741M\n"
            assert shop.api("POST", "/v1/scale/weigh")[1]["stable"] is False
            weight[0] = b""
            status, body = shop.api("POST", "/v1/scale/weigh")
            assert status == 504 and body["error"]["code"] == "TB-2005", (status, body)
            status, body = shop.api("POST", "/v1/scale/zero")
            assert status == 404 and body["error"]["code"] == "TB-2003", (status, body)
            status, body = shop.api("POST", "/v1/scale/weigh", token=shop.senior_token)
            assert status == 404, "another till's scale"
            print("the till weighs; a silent scale, one that moves and one that is not there are told apart")

            # A counter whose devices are gone or silent sells as before.
            for peer in (display, drawer, scale):
                peer.stop()
            wait_for("all three gone", lambda: sum(not d["online"] for d in shop.api("GET", "/v1/devices")[1]["devices"]) == 3)
            quote = shop.ok(shop.api("POST", f"/v1/sales/{(sale := shop.basket(['4601234567893']))}/quote"))["quote"]
            body = {"quote": quote["id"], "payments": [{"tender": "cash", "amount": quote["total"]}]}
            assert shop.ok(shop.api("POST", f"/v1/sales/{sale}/pay", body))["state"] == "committed"
            print("without them it sells on")
        finally:
            shop.stop_all()
            for peer in (display, drawer, scale):
                peer.stop()


if __name__ == "__main__":
    main()
