#!/usr/bin/env python3
"""Programs that need a kernel of their own, in a throw-away guest: Debian's kernel, no disk, no network.

  guest.py PRESET [PROGRAM...]     default: all of them; exit code 0 when every one ended with 0
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GROUP = "/sys/fs/cgroup/tillbridge.service"
PROGRAMS = ["cgroups_guest"]
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
echo "+cpu +memory +pids" > /sys/fs/cgroup/cgroup.subtree_control
for program in $(cat /programs); do
  mkdir -p {GROUP}
  sh -c "echo \\$\\$ > {GROUP}/cgroup.procs; exec /bin/$program"
  echo "GUEST $program $?"
done
poweroff -f
"""


def kernel(folder):
    """Debian's kernel of the day, unpacked, nothing installed."""
    found = sorted(folder.glob("boot/vmlinuz-*"))
    if found:
        return found[-1]
    depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True)
    name = next(line.split()[-1] for line in depends.stdout.splitlines() if "linux-image-6" in line)
    subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True)
    for package in folder.glob("linux-image-*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        package.unlink()
    return sorted(folder.glob("boot/vmlinuz-*"))[-1]


def libraries(program):
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [word for line in told.splitlines() for word in line.split() if word.startswith("/")]


def pack(folder, preset, programs):
    """An initramfs with busybox, the programs and what they are linked with."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "dev", "proc", "sys", "tmp"):
        (tree / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    for name in programs:
        program = ROOT / "build" / preset / "bin" / name
        shutil.copy(program, tree / "bin" / name)
        for library in libraries(program):
            target = tree / library[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pathlib.Path(library).resolve(), target)
    (tree / "programs").write_text("\n".join(programs) + "\n")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    image = folder / "initramfs"
    with open(image, "wb") as out:
        names = subprocess.run(["find", "."], cwd=tree, capture_output=True, check=True).stdout
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=names, stdout=out, check=True)
    return image


def main():
    preset, programs = sys.argv[1], sys.argv[2:] or PROGRAMS
    folder = ROOT / "build" / "guest"
    folder.mkdir(parents=True, exist_ok=True)
    image = pack(folder, preset, programs)
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1", "-nographic", "-no-reboot",
               "-nic", "none", "-kernel", kernel(folder), "-initrd", image, "-append", "console=ttyS0 quiet panic=1"]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600).stdout.decode(errors="replace")
    print(said)
    missing = [name for name in programs if f"GUEST {name} 0" not in said]
    print("guest:", f"FAILED: {', '.join(missing)}" if missing else f"{len(programs)} passed")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
