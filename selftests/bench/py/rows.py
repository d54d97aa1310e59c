# SPDX-License-Identifier: GPL-2.0-only
"""The lists of rows: what is measured, in which guest, and what it is called."""

import os
from dataclasses import dataclass, field, replace

PARTS = ("block", "many", "net", "memory", "free")      # in the order of the report


@dataclass
class Row:
    part: str
    section: str
    name: str
    place: str
    others: list
    when: str
    options: str
    words: str
    line: str = field(repr=False, default="")

    @property
    def unit(self):
        """Of what its rate counts, and what host time and, but for packets, events are per."""
        tool = self.options.split()[0] if self.options else ""
        if self.part == "net":
            if tool == "iperf3":
                return "packet" if "-u" in self.options.split() else "MiB"
            return {"fping": "ping", "ab": "connection"}[tool]
        if self.part in ("memory", "free"):
            return "reading" if self.place == "clock" else "MiB"
        return "operation"

    @property
    def per(self):
        """Kicks and interrupts are counted per this."""
        if self.part == "net":
            return "packet"
        return "GiB" if self.unit == "MiB" else self.unit

    def runs(self, blocks, emulated):
        """How many measurements a guest makes of it."""
        drivers = 1 if self.others == ["alone"] else 2
        count = 2 * drivers * blocks
        if emulated and self.others not in (["-"], ["alone"]):
            count += 2 * len(self.others)
        return count

    def brief(self):
        """As in a quick run: of the emulated devices only the first takes part."""
        fields = self.line.split("\t")
        fields[2] = self.others[0]
        return replace(self, others=self.others[:1], line="\t".join(fields))


def parse(text, part):
    rows, section = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            section = line[3:].strip()
        elif line.strip() and not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != 6 or not fields[5].startswith("| "):
                raise ValueError(f"{part}.list:{number}: not six columns, of which the last begins with a bar")
            name, place, others, when, options, words = fields
            if when not in ("quick", "full", "with"):
                raise ValueError(f"{part}.list:{number}: '{when}' is none of quick, full, with")
            rows.append(Row(part, section, name, place, others.split(","), when, options, words[2:].strip(), line))
    return rows


def load(folder):
    rows = []
    for part in PARTS:
        path = os.path.join(folder, part + ".list")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as text:
                rows += parse(text.read(), part)
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two rows are called {name}")
    return rows


def choose(rows, quick, wanted):
    """Those to be run. Rows that come along with another are not."""
    if wanted:
        unknown = set(wanted) - {row.name for row in rows if row.when != "with"}
        if unknown:
            raise ValueError(f"no row {' '.join(sorted(unknown))}; there are: "
                             + " ".join(row.name for row in rows if row.when != "with"))
        return [row for row in rows if row.name in wanted]
    if quick:
        return [row.brief() for row in rows if row.when == "quick"]
    return [row for row in rows if row.when != "with"]
