"""What /proc says. A process is a pid and its start time; a zombie is dead."""
import os


def stat(pid):
    """(state, start) or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[19])


def environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = file.read().decode("utf-8", "replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode("utf-8", "replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def alive_with(name, test):
    """pids of living processes whose environment variable `name` passes `test`."""
    found = []
    for pid in all_pids():
        value = environment(pid).get(name)
        now = stat(pid)
        if value is not None and test(value) and now and now[0] not in "ZX":
            found.append(pid)
    return found


def kill_quietly(pid, signal):
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        pass
