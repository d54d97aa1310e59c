#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""report.py FOLDER LISTS: everything that can be made of FOLDER/raw.jsonl, anew."""

import os
import shutil
import sys

import page
import pictures
import rows as lists
import runs as raw
import summary as sums
import webpage


def main():
    folder, own = sys.argv[1], sys.argv[2]
    # as they were when it was measured
    rows = lists.load(os.path.join(folder, "rows")) or lists.load(own)
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
    text = page.Page(summary, rows, page.environment(folder), names, failed, skipped).text()
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as out:
        out.write(text)
    with open(os.path.join(folder, "report.html"), "w", encoding="utf-8") as out:
        out.write(webpage.render(text, folder))


if __name__ == "__main__":
    main()
