"""Faults at a host, on what the kernel accounts: processor time of a cgroup of its own, room of a disk of its own; and those on packets."""
import os
import subprocess
import tempfile
import time

from held import FOLDER, Held

V1 = os.path.isdir("/sys/fs/cgroup/cpuacct")


def measure_cpu(table, quick):
    group = f"/sys/fs/cgroup/{'cpuacct/' if V1 else ''}squall-fidelity-{os.getpid()}"
    os.mkdir(group)

    def enter():
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))
        # What others on this machine take is not the fault's doing.
        os.nice(-15)

    def used():
        with open(f"{group}/{'cpuacct.usage' if V1 else 'cpu.stat'}") as file:
            return int(file.read().strip()) / 1e9 if V1 else int(file.readline().split()[1]) / 1e6

    try:
        for load in (0.5,) if quick else (0.2, 0.5, 0.8):
            with Held("cpu", {"load": load, "cores": 1}, before=enter):
                time.sleep(1)
                before, at = used(), time.monotonic()
                time.sleep(5 if quick else 15)
                measured = (used() - before) / (time.monotonic() - at)
            table.row(f"cpu {load:.0%} of one processor", f"{measured:.2%} by its cgroup", "± 3 pp", abs(measured - load) <= 0.03)
    finally:
        for _ in range(50):
            try:
                os.rmdir(group)
                break
            except OSError:
                time.sleep(0.1)


def measure_disk(table):
    folder = tempfile.mkdtemp(prefix="squall-fidelity-")
    image, mounted = os.path.join(folder, "image"), os.path.join(folder, "disk")
    os.mkdir(mounted)
    subprocess.run(["truncate", "-s", "200M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    try:
        for kind, argv in (("tmpfs", ["-t", "tmpfs", "-o", "size=64m", "none"]), ("ext4", ["-o", "loop", image])):
            subprocess.run(["mount", *argv, mounted], check=True)
            try:
                with Held("disk", {"path": mounted, "leave": {"bytes": 10 << 20}}):
                    room = os.statvfs(mounted)
                    left = room.f_bavail * room.f_bsize
                table.row(f"disk to a reserve of 10 MiB, {kind}", f"{left} bytes left", "± 64 KiB", abs(left - (10 << 20)) <= 65536)
            finally:
                subprocess.run(["umount", "-l", mounted], check=True)
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


def measure_packets(where, quick):
    """True when a row missed. In namespaces of its own, here or in a guest."""
    own = ["unshare", "--mount", "--net", "--propagation", "private", "python3", os.path.join(FOLDER, "packets.py"), where, *(["--quick"] if quick else [])]
    guest = [os.environ.get("SQUALL_NODE", "node"), os.path.join(FOLDER, "../../scripts/guest.ts"), "--"]
    print(f"── packets, {where}", flush=True)
    return subprocess.run([*(guest if where == "guest" else []), *own], timeout=600).returncode != 0
