#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""judge.py NAME STATUS KTAP-FILE SUM-FILE [MARK]: the verdict on a test run on the
host; MARK comes before each line of a failure."""

import sys

import ktap

name, status, path, result = sys.argv[1:5]
with open(path, encoding="utf-8", errors="replace") as text:
    output = text.read().splitlines()
tally = ktap.judge(output, int(status))
mark = "".join(sys.argv[5:]) if tally.failed else ""
if tally.failed:
    for line in output:
        print(f"{mark}    {line}")
for note in tally.notes:
    print(f"{mark}  # {note}")
skip = " # SKIP" if tally.skipped and not tally.passed and not tally.failed else ""
print(f"{mark}{'not ok' if tally.failed else 'ok'} - {name} ({tally.line()}){skip}")
with open(result, "w", encoding="ascii") as out:
    out.write(f"{tally.passed} {tally.failed} {tally.skipped}\n")
