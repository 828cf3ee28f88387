#!/usr/bin/env python3
"""The demo plays to its end, the audit agrees, and notices every record that is dropped or doubled."""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def main():
    preset = sys.argv[1] if len(sys.argv) > 1 else "dev"
    with tempfile.TemporaryDirectory() as folder:
        shop = pathlib.Path(folder) / "shop"
        played = subprocess.run([sys.executable, HERE / "demo.py", "--once", "--preset", preset, "--folder", shop,
                                 "--language", "ru"], check=False, timeout=200, stdout=subprocess.PIPE, text=True)
        print(played.stdout)
        assert played.returncode == 0
        assert "касса, журнал и центр сходятся" in played.stdout and "] проведена" in played.stdout
        english = re.findall(r"(?m)=== (?!tillbridge)[^а-я]*$|\] [a-z_]+$", played.stdout)
        assert not english, english
        subprocess.run([sys.executable, HERE / "audit.py", shop], check=True, timeout=60)
        subprocess.run([sys.executable, HERE / "audit.py", shop, "--spoil-all"], check=True, timeout=120)
        spoiled = subprocess.run([sys.executable, HERE / "audit.py", shop, "--spoil"], check=False, timeout=60)
        assert spoiled.returncode == 1, "a spoiled shop passed the audit"
        for pictures in ("register/paper/*.png", "printer/*.png"):
            assert list(shop.glob(pictures)), f"no {pictures}"


if __name__ == "__main__":
    main()
