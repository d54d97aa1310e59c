# SPDX-License-Identifier: GPL-2.0-only
"""report.md: the result in a few lines and a picture, then section by section."""

import os

from runs import QUANTITIES
from stats import apart_by_chance, confidence

WORDS = {quantity.name: quantity.words for quantity in QUANTITIES}
COLUMNS = ("rate", "kicks", "irqs", "host", "p50", "p99", "lost", "exits")
HEADS = {"rate": "per s", "kicks": "kicks", "irqs": "interrupts", "host": "host us", "p50": "p50 us", "p99": "p99 us",
         "lost": "lost %", "exits": "exits"}
MARKS = {"better": " ▲", "worse": " ▼", "same": " ~", "": ""}
COUNTED = ("rate", "host", "kicks", "irqs", "p50", "p99")
MOST = 8        # lines of a table of wins


def number(value):
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |",
            *("| " + " | ".join(line) + " |" for line in lines), ""]


class Page:
    def __init__(self, summary, rows, environment, pictures, failed, skipped, outcomes):
        self.summary, self.environment, self.pictures = summary, environment, pictures
        self.failed, self.skipped, self.outcomes = failed, skipped, outcomes
        self.rows = [row for row in rows if summary.drivers(row.name)]
        self.by_name = {row.name: row for row in rows}

    def value(self, key):
        return next((value for name, value in self.environment if name == key), None)

    def title(self, row):
        return f"{row.section}: {row.words}"

    # ---- the head ----

    def introduction(self):
        accelerator = self.value("accelerator") or "unknown"
        kvm = accelerator.startswith("KVM")
        n = self.summary.fewest
        text = [f"Linux {self.value('guest_kernel')} under **{accelerator.split()[0]}** on {self.value('host_cpus')}, "
                f"{self.value('date')}, commit {self.value('commit')}.",
                "The same work on our drivers, the in-tree ones and emulated devices, alternating in the same guests. "
                "▲ better than in-tree, ▼ worse, ~ no difference."]
        if not kvm:
            text.append("The guests were emulated: counts of kicks and interrupts hold anywhere, times and rates are those of this "
                        "emulator on this machine, and there are no exits to count.")
        if n:
            text.append(f"At least {n} runs of each driver and row. Drivers are called different where the median differs by more "
                        "than two runs of one driver do (A/A) and the intervals lie apart; intervals of two equal drivers lie apart "
                        f"by chance in {100 * apart_by_chance(n):.0f} % of cases."
                        + (" **That is too often to rely on single rows: two runs show the direction, no more.**"
                           if apart_by_chance(n) > 0.05 else ""))
        return [*text, ""]

    def score(self):
        lines = []
        for name in COUNTED:
            cells = [cell for cell in self.summary.of_ours() if cell.quantity == name]
            if cells:
                count = {verdict: sum(cell.verdict == verdict for cell in cells) for verdict in ("better", "same", "worse")}
                lines.append([WORDS[name], *(str(count[verdict]) for verdict in ("better", "same", "worse"))])
        return table(["ours to in-tree, rows", "better ▲", "no difference ~", "worse ▼"], lines) if lines else []

    def line_of(self, cell):
        base = self.summary.get(cell.row, "in-tree", cell.quantity)
        return [self.title(self.by_name[cell.row]), WORDS[cell.quantity], f"{number(cell.median)}{MARKS[cell.verdict]}",
                f"{number(cell.low)} to {number(cell.high)}", number(base.median), f"{number(base.low)} to {number(base.high)}",
                "-" if cell.ratio is None else number(cell.ratio), number(cell.floor)]

    HEAD = ["work", "quantity", "ours", "interval", "in-tree", "interval", "ratio", "A/A"]

    def losses(self):
        cells = [cell for cell in self.summary.of_ours("worse") if cell.quantity in COUNTED + ("lost", "exits")]
        if not cells:
            return ["## Where ours loses", "", "In no row.", ""]
        return ["## Where ours loses", "", *table(self.HEAD, [self.line_of(cell) for cell in cells])]

    def goals(self):
        outcomes = list(self.outcomes)
        if not outcomes:
            return []
        lines = []
        for outcome in outcomes:
            name = "every row" if outcome.row == "*" else self.title(self.by_name[outcome.row])
            verdict = "met ▲" if outcome.met else "missed, within the interval ~" if outcome.near else "missed ▼"
            lines.append([name, WORDS[outcome.goal.quantity], outcome.goal.words(),
                          *("" if value is None else number(value) for value in (outcome.wanted, outcome.got)), verdict])
        met = sum(outcome.met for outcome in outcomes)
        return [f"## Goals: {met} of {len(outcomes)} met", "",
                *table(["work", "quantity", "goal", "that is", "ours", ""], sorted(lines, key=lambda line: "met ▲" == line[-1]))]

    def wins(self):
        lines = []
        for name in ("rate", "host", "kicks", "irqs"):
            cells = [cell for cell in self.summary.of_ours("better") if cell.quantity == name and cell.ratio is not None]
            cells.sort(key=lambda cell: cell.ratio, reverse=name == "rate")
            lines += [self.line_of(cell) for cell in cells[:MOST // 4]]
        return ["## Where ours wins most", "", *table(self.HEAD, lines)] if lines else []

    # ---- a section ----

    def section(self, title):
        rows = [row for row in self.rows if row.section == title]
        columns = [name for name in COLUMNS if self.summary.has(rows, name)]
        lines = []
        for row in rows:
            for i, driver in enumerate(self.summary.drivers(row.name)):
                cells = [self.summary.get(row.name, driver, name) for name in columns]
                values = ["-" if cell is None else number(cell.median) + MARKS[cell.verdict] for cell in cells]
                if columns[0] == "rate":
                    rate = cells[0]
                    values.insert(1, "1" if rate and driver == "in-tree" else
                                  "-" if rate is None or rate.ratio is None else number(rate.ratio))
                lines.append([row.words if i == 0 else "", f"**{driver}**" if driver == "ours" else driver, *values])
        units = ", ".join(dict.fromkeys(f"{row.unit}s" if row.unit != "MiB" else "MiB" for row in rows))
        per = ", ".join(dict.fromkeys(row.per for row in rows))
        heads = [HEADS[name] for name in columns]
        if columns[0] == "rate":
            heads.insert(1, "of in-tree")
        text = [f"## {title}", ""]
        if self.pictures.get(title):
            text += [f"![{title}](pictures/{self.pictures[title]}.svg)", ""]
        rate = f"Rate in {units} per second; k" if columns[0] == "rate" else "K"
        return [*text, f"{rate}icks and interrupts per {per}; host time per {units.replace('s,', ',').removesuffix('s')}.", "",
                *table(["work", "driver", *heads], lines)]

    # ---- the end ----

    def troubles(self):
        text = []
        if self.failed:
            text += ["## Failed", "", *table(["row", "driver", "why"], [[row, driver, why.replace("|", "/") or "-"]
                                                                        for row, driver, why in self.failed])]
        missing = list(dict.fromkeys(self.skipped))
        notes = [f"{key.replace('_', ' ')}: {value}" for key, value in self.environment
                 if key in ("stopped", "trouble", "left_out")]
        if missing or notes:
            text += ["## Not complete", ""]
            if missing:
                text += [f"Left out for want of time, at least once: {', '.join(missing)}.", ""]
            for note in notes:
                text += [note, ""]
        return text

    def method(self):
        return ["## How it was measured", "",
                "Kicks and interrupts of virtio devices: by QEMU's trace, one by one (`ioeventfd` is off, so that QEMU joins none); each "
                "costs QEMU a line of its log, which is charged to whoever causes it. Interrupts of emulated devices: by the guest.",
                "Host time: processor time of the QEMU process during the work alone, the guest's own work included.",
                "Packets are frames at the tap, both ways; a large one that the device segments counts once. Those of emulated devices "
                "are the guest's.",
                f"Intervals enclose the median with 95 %, or are the smallest and the largest value where there are too few "
                f"({100 * confidence(max(self.summary.fewest, 1)):.0f} % with {self.summary.fewest} runs). A/A: how far apart two runs "
                "of one driver in one block were, as a factor, median.", "",
                "## Environment", "", *table(["", ""], [[key, value] for key, value in self.environment]),
                "`raw.jsonl` has every run with its tool's own output, `runs.tsv` a line for each, `summary.tsv` the medians; "
                "`make bench-report OUT=DIR` makes this page of them.", ""]

    def text(self):
        parts = ["# Benchmark: ours, in-tree, emulated", "", *self.introduction(), *self.score()]
        if self.pictures.get(None):
            parts += [f"![ours to in-tree](pictures/{self.pictures[None]}.svg)", ""]
        parts += [*self.losses(), *self.wins(), *self.goals(), *self.troubles()]
        for title in dict.fromkeys(row.section for row in self.rows):
            parts += self.section(title)
        return "\n".join([*parts, *self.method()])


def environment(folder):
    path = os.path.join(folder, "environment.txt")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as text:
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in text if " " in line]
