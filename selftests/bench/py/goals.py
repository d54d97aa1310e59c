# SPDX-License-Identifier: GPL-2.0-only
"""goals.list: what our drivers are meant to reach, and whether they did."""

import os
from dataclasses import dataclass


@dataclass
class Goal:
    row: str            # *: each of them
    quantity: str
    at_least: bool
    value: float
    of: str             # a driver, or - for none

    def words(self):
        amount = f"{self.value:g}" + ("" if self.of == "-" else f" x {self.of}")
        return f"{'at least' if self.at_least else 'at most'} {amount}"


@dataclass
class Outcome:
    goal: Goal
    row: str
    wanted: float
    got: float
    met: bool
    near: bool          # missed, but the interval reaches it


def load(folder):
    path, goals = os.path.join(folder, "goals.list"), []
    if not os.path.exists(path):
        return goals
    with open(path, encoding="utf-8") as text:
        for line in text:
            if line.strip() and not line.startswith("#"):
                row, quantity, relation, value, driver = line.split()
                goals.append(Goal(row, quantity, {">=": True, "<=": False}[relation], float(value), driver))
    return goals


def judge(goal, row, summary):
    """None where it was not measured."""
    cell = summary.get(row, "ours", goal.quantity)
    base = summary.get(row, goal.of, goal.quantity) if goal.of != "-" else None
    if cell is None or (goal.of != "-" and base is None):
        return None
    wanted = goal.value * (base.median if base else 1)
    # of counts, a stray one is nothing
    slack = 0.005 if goal.quantity in ("kicks", "irqs") else 0.0
    if goal.at_least:
        return Outcome(goal, row, wanted, cell.median, cell.median >= wanted, cell.high >= wanted)
    return Outcome(goal, row, wanted, cell.median, cell.median <= wanted + slack, cell.low <= wanted + slack)


def outcomes(goals, rows, summary):
    """One for each goal; for one of all rows, one for each that missed it, or one in all."""
    for goal in goals:
        names = [row.name for row in rows] if goal.row == "*" else [goal.row]
        found = [outcome for outcome in (judge(goal, name, summary) for name in names) if outcome]
        if goal.row == "*" and found:
            missed = [outcome for outcome in found if not outcome.met]
            found = missed or [Outcome(goal, "*", None, None, True, True)]
        yield from found
