"""Reads a run's journal without any code of Squall's: newline + CRC-32 (8 hex) + space + JSON, NUL bytes behind."""
import json
import zlib


def read_journal(path):
    """Returns (records, damaged); records are dicts in order. A journal that is not there yet is ([], 0)."""
    try:
        with open(path, "rb") as file:
            data = file.read().rstrip(b"\0")
    except FileNotFoundError:
        return [], 0
    records, damaged = [], 0
    for piece in data.split(b"\n"):
        if piece == b"":
            continue
        try:
            text = piece.decode("utf-8")
            if int(text[:8], 16) != zlib.crc32(text[9:].encode("utf-8")) or text[8] != " ":
                raise ValueError(text[:20])
            records.append(json.loads(text[9:]))
        except (ValueError, IndexError):
            damaged += 1
    return records, damaged


def header(records):
    return next((record for record in records if record["is"] == "header"), None)


def furthest(records):
    """The newest state any change has reached: none, armed, injecting, active, undoing, settled."""
    state = "armed" if any(record["is"] == "run" and record["state"] == "armed" for record in records) else "none"
    for record in records:
        if record["is"] == "injecting":
            state = "injecting"
        elif record["is"] == "change":
            state = record["state"] if record["state"] in ("active", "undoing") else "settled"
    return state
