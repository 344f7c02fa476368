#!/usr/bin/env python3
"""The first process of the guest of test/helpers/guest.ts: makes the host's files look writable, runs one command, hands back how it ended, halts.

The kernel passes `exchange=FOLDER` of its command line on as an environment variable: a folder of the host with `job.json`
({argv, cwd, env, seconds, cgroup, modules}); `out`, `err` and `code` are written there.
"""
import ctypes
import json
import os
import signal
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
KERNEL = os.uname().release
MODULES = f"/usr/lib/uml/modules/{KERNEL}"
PIVOT_ROOT, FINIT_MODULE = 155, 313
HALT = 0x4321FEDC
KEPT = "/run/host"


def must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(kind, where, options="", source=None, flags=0):
    os.makedirs(where, exist_ok=True)
    must(libc.mount((source or kind).encode(), where.encode(), kind.encode(), flags, options.encode()), f"mount {kind} at {where}")


def load_overlay():
    """Before there is a writable root there is no place for modprobe's configuration; overlay needs nothing else."""
    file = os.open(f"{MODULES}/kernel/fs/overlayfs/overlay.ko", os.O_RDONLY)
    must(libc.syscall(FINIT_MODULE, file, b"", 0), "overlay.ko")
    os.close(file)


def writable_root():
    """Every file of the host can be read, and written in this guest's memory only."""
    load_overlay()
    mount("tmpfs", "/mnt", "mode=755")
    for name in ("upper", "work", "root"):
        os.mkdir(f"/mnt/{name}")
    mount("overlay", "/mnt/root", "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work")
    os.makedirs(f"/mnt/root{KEPT}", exist_ok=True)
    must(libc.syscall(PIVOT_ROOT, b"/mnt/root", f"/mnt/root{KEPT}".encode()), "pivot_root")
    os.chdir("/")


def special_files(cgroup):
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    mount("devtmpfs", "/dev")
    mount("devpts", "/dev/pts", "mode=620,ptmxmode=666")
    mount("tmpfs", "/dev/shm", "mode=1777")
    if not os.path.exists("/dev/fd"):
        os.symlink("/proc/self/fd", "/dev/fd")
    if cgroup == 2:
        mount("cgroup2", "/sys/fs/cgroup")
        return
    mount("tmpfs", "/sys/fs/cgroup")
    for one in ("cpu", "cpuacct", "memory", "pids", "freezer", "blkio"):
        mount("cgroup", f"/sys/fs/cgroup/{one}", one)


def empty_folders(kept):
    """Sockets and locks of the host's own services mean nothing here. The project itself may lie in /tmp: it stays."""
    inside = kept.startswith("/tmp/")
    stash = "/dev/shm/kept"
    if inside:
        os.mkdir(stash)
        must(libc.mount(kept.encode(), stash.encode(), None, 4096, None), "bind")
    must(libc.umount2(KEPT.encode(), 2), "umount")
    mount("tmpfs", "/run", "mode=755")
    mount("tmpfs", "/tmp", "mode=1777")
    if inside:
        os.makedirs(kept)
        must(libc.mount(stash.encode(), kept.encode(), None, 8192, None), "move")
    os.makedirs("/run/lock", exist_ok=True)


def modprobe():
    """The kernel itself calls /sbin/modprobe for what is asked of it, as on any Debian."""
    os.makedirs("/lib/modules", exist_ok=True)
    os.symlink(MODULES, f"/lib/modules/{KERNEL}")
    if not os.path.exists("/sbin/modprobe"):
        for name in ("modprobe", "insmod", "lsmod", "rmmod"):
            os.symlink("/bin/busybox", f"/sbin/{name}")


def run(job):
    """The exit code of the command; 124 when its time is over. Orphans are reaped meanwhile, as an init does."""
    for module in ["ipv6", *job["modules"]]:
        subprocess.run(["/sbin/modprobe", module], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open("/run/exchange/out", "wb") as out, open("/run/exchange/err", "wb") as err:
        child = subprocess.Popen(job["argv"], cwd=job["cwd"], env=job["env"], stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])
    signal.signal(signal.SIGALRM, lambda *_: done(124))
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return os.waitstatus_to_exitcode(status)


def done(code):
    with open("/run/exchange/code.new", "w") as file:
        file.write(str(code if code >= 0 else 128 - code))
    os.rename("/run/exchange/code.new", "/run/exchange/code")
    libc.reboot(HALT)


def main():
    exchange = os.environ["exchange"]
    with open(f"{exchange}/job.json") as file:
        job = json.load(file)
    writable_root()
    special_files(job["cgroup"])
    empty_folders(job["project"])
    mount("hostfs", "/run/exchange", exchange, "none")
    modprobe()
    libc.sethostname(b"guest", 5)
    done(run(job))


try:
    main()
except BaseException as error:  # A first process that ends is a kernel panic: say why, halt.
    print(f"guest_init: {type(error).__name__}: {error}", flush=True)
    time.sleep(0.1)
    libc.reboot(HALT)
sys.exit(1)
