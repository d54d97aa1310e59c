# SPDX-License-Identifier: GPL-2.0-only
"""One Cell for each row, driver and quantity: the median of its runs, beside in-tree."""

from dataclasses import dataclass

from runs import QUANTITIES
import stats

ORDER = ("ours", "in-tree", "ide", "ahci", "nvme", "e1000", "e1000e")


@dataclass
class Cell:
    row: str
    driver: str
    quantity: str
    n: int
    median: float
    low: float
    high: float
    floor: float        # A/A
    ratio: float = None         # to in-tree; None without one, or when it is 0
    verdict: str = ""   # of the driver against in-tree: better, worse, same


class Summary:
    def __init__(self, runs):
        self.cells = {}
        self.runs = runs
        self.fewest = 0     # runs of ours and of in-tree in the row that has fewest
        for row in dict.fromkeys(run.row for run in runs):
            self.add_row(row, [run for run in runs if run.row == row])

    def add_row(self, row, runs):
        drivers = sorted({run.driver for run in runs}, key=ORDER.index)
        for quantity in QUANTITIES:
            name = quantity.name
            floor = stats.noise_floor(list(self.pairs(runs, name)))
            for driver in drivers:
                values = [run.values[name] for run in runs if run.driver == driver and name in run.values]
                if values:
                    self.cells[row, driver, name] = Cell(row, driver, name, len(values), *stats.interval(values), floor)
            self.compare(row, quantity)
        counts = [sum(run.driver == driver for run in runs) for driver in ("ours", "in-tree") if driver in drivers]
        self.fewest = min([self.fewest or counts[0], *counts]) if len(counts) == 2 else self.fewest

    @staticmethod
    def pairs(runs, name):
        """Values of the two halves of a block, of the drivers that are compared."""
        found = {(run.driver, run.round, run.block, run.half): run.values[name]
                 for run in runs if run.driver in ("ours", "in-tree") and name in run.values}
        for (driver, number, block, half), value in found.items():
            other = found.get((driver, number, block, 1))
            if half == 0 and other is not None:
                yield value, other

    def compare(self, row, quantity):
        base = self.get(row, "in-tree", quantity.name)
        if base is None:
            return
        least = quantity.least
        if quantity.name in ("kicks", "irqs") and max(base.median, 1) > 20:
            least = 1.0     # per GiB
        for driver in ORDER:
            cell = self.get(row, driver, quantity.name)
            if cell is None or driver == "in-tree":
                continue
            if base.median > 0:
                cell.ratio = cell.median / base.median
            cell.verdict = stats.verdict((cell.median, cell.low, cell.high), (base.median, base.low, base.high),
                                         cell.floor, quantity.more_is_better, least)

    def get(self, row, driver, quantity):
        return self.cells.get((row, driver, quantity))

    def drivers(self, row):
        return [driver for driver in ORDER if (row, driver, "host") in self.cells]

    def has(self, rows, quantity):
        return any(self.has_of(rows, driver, quantity) for driver in ORDER)

    def has_of(self, rows, driver, quantity):
        return any(self.get(row.name, driver, quantity) for row in rows)

    def of_ours(self, verdict=None):
        """Cells of our drivers that have a verdict (that one)."""
        return [cell for cell in self.cells.values() if cell.driver == "ours" and cell.verdict
                and verdict in (None, cell.verdict)]


def write_tsv(path, header, lines):
    with open(path, "w", encoding="utf-8") as out:
        print(*header, sep="\t", file=out)
        for line in lines:
            print(*("" if word is None else f"{word:.6g}" if isinstance(word, float) else word for word in line),
                  sep="\t", file=out)


def write(summary, folder):
    names = list(dict.fromkeys(name for run in summary.runs for name in run.values))
    write_tsv(f"{folder}/runs.tsv", ["row", "driver", "round", "swap", "block", "half", *names],
              ([run.row, run.driver, run.round, run.swap, run.block, run.half, *(run.values.get(name) for name in names)]
               for run in summary.runs))
    write_tsv(f"{folder}/summary.tsv",
              ["row", "driver", "quantity", "runs", "median", "low", "high", "floor", "of_in_tree", "verdict"],
              ([cell.row, cell.driver, cell.quantity, cell.n, cell.median, cell.low, cell.high, cell.floor, cell.ratio,
                cell.verdict] for cell in summary.cells.values()))
