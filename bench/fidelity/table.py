"""Rows of what was measured beside what it should be."""


class Table:
    def __init__(self):
        self.rows = []

    def row(self, what, measured, target, ok):
        self.rows.append((what, measured, target, "ok" if ok else "missed"))
        print(f"{'ok    ' if ok else 'missed'}  {what}: {measured} ({target})", flush=True)

    def missed(self):
        return [what for what, _, _, ok in self.rows if ok != "ok"]
