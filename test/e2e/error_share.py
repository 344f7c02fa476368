"""The share of failed requests in a phase, from `squall export` alone. Usage: error_share.py PHASE < run.json

A phase's whole seconds count. A second in which Squall did not send everything, or its generator stood still, is no evidence; some
ms of start lag do not change how a request ended.
"""
import json
import sys

run = json.load(sys.stdin)
phase = next(p for p in run["phases"] if p["phase"] == sys.argv[1])


def trusted(second):
    ended = second["ok"] + second["error"] + second["timeout"]
    stood_still = second["suspect"] and second["lagP99"] <= 10
    return second["notSent"] <= second["planned"] / 100 and ended + second["notSent"] >= second["planned"] and not stood_still


seconds = [s for s in run["traffic"] if s["t"] * 1000 >= phase["from"] and (s["t"] + 1) * 1000 <= phase["to"] and trusted(s)]
bad = sum(s["error"] + s["timeout"] for s in seconds)
print(bad / (bad + sum(s["ok"] for s in seconds)))
