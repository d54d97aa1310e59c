#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""report.py FOLDER LISTS: everything that can be made of FOLDER/raw.jsonl, anew."""

import os
import shutil
import sys

import goals
import page
import pictures
import rows as lists
import runs as raw
import summary as sums
import webpage


def make(folder, own):
    """own: where the lists are that belong to this program."""
    # as they were when it was measured
    then = os.path.join(folder, "rows")
    rows = lists.load(then) or lists.load(own)
    runs, failed, skipped = raw.load(folder)
    known = {row.name for row in rows}
    runs = [run for run in runs if run.row in known]
    if not runs:
        sys.exit("bench: nothing was measured" + "".join(f"\nbench: {row} failed on {driver}: {why}"
                                                         for row, driver, why in failed))
    summary = sums.Summary(runs)
    sums.write(summary, folder)
    drawn = os.path.join(folder, "pictures")
    shutil.rmtree(drawn, ignore_errors=True)
    os.makedirs(drawn)
    names = pictures.make(summary, rows, drawn)
    reached = goals.outcomes(goals.load(then) or goals.load(own), rows, summary)
    text = page.Page(summary, rows, page.environment(folder), names, failed, skipped, reached).text()
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as out:
        out.write(text)
    with open(os.path.join(folder, "report.html"), "w", encoding="utf-8") as out:
        out.write(webpage.render(text, folder))


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2])
