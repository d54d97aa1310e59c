#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a guest prints, into the folder; and how far it is.

collect.py FOLDER PIECE BEGAN < output of guest/main
Ends with 1 when the guest did not come to its end.
"""

import base64
import gzip
import json
import os
import sys
import time

import plan as planning


def note(folder, line):
    """Adds a line to environment.txt unless it is there."""
    path = os.path.join(folder, "environment.txt")
    with open(path, "a+", encoding="utf-8") as text:
        text.seek(0)
        if line not in text.read().splitlines():
            text.write(line + "\n")


def unpack(tool, packed):
    text = gzip.decompress(base64.b64decode(packed)).decode(errors="replace")
    if tool not in ("fio", "iperf3"):
        return text
    out = json.loads(text)
    if tool == "iperf3":
        out.pop("intervals", None)
    return out


def record(words, number):
    run, tool, packed = words.rsplit(" ", 2)
    return {**json.loads(run), "round": number, "tool": tool, "out": unpack(tool, packed)}


class Progress:
    """Of all pieces, in seconds as planned; and how those compare with the clock's."""

    def __init__(self, plan, index, began):
        self.plan, self.index, self.began = plan, index, began
        self.ms = plan["ms"]
        self.before = sum(planning.seconds(piece, self.ms) for piece in plan["pieces"][:index])
        self.after = sum(planning.seconds(piece, self.ms) for piece in plan["pieces"][index + 1:])
        self.this = planning.seconds(plan["pieces"][index], self.ms)
        self.runs = sum(row["runs"] for row in plan["pieces"][index]["rows"])
        self.earlier = sum(row["runs"] for piece in plan["pieces"][:index] for row in piece["rows"])
        self.total = self.earlier + self.runs + sum(
            row["runs"] for piece in plan["pieces"][index + 1:] for row in piece["rows"])
        self.done = 0

    def say(self, row, driver):
        self.done = min(self.done + 1, self.runs)
        share = self.done / self.runs
        planned_done = self.before + share * self.this
        planned_left = self.after + (1 - share) * self.this
        speed = (time.time() - self.began) / planned_done if planned_done > 20 else 1
        left = min(planned_left * speed, max(self.plan["seconds"] - (time.time() - self.began), 0))
        print(f"bench: {self.earlier + self.done:3d} of {self.total}  {row:<18} {driver:<8}"
              f" about {planning.minutes(left)} left", flush=True)


def main():
    folder, index, began = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    with open(os.path.join(folder, "plan.json"), encoding="utf-8") as text:
        plan = json.load(text)
    progress, finished = Progress(plan, index, began), False
    number = plan["pieces"][index]["round"]
    along = set()       # rows that were measured with another: counted with it
    names = {row["name"] for row in plan["pieces"][index]["rows"]}
    with open(os.path.join(folder, "raw.jsonl"), "a", encoding="utf-8") as raw:
        def keep(entry):
            raw.write(json.dumps(entry, separators=(",", ":")) + "\n")
            raw.flush()
        for line in sys.stdin:
            tag, _, words = line.rstrip("\n").partition(" ")
            if tag == "@run":
                try:
                    entry = record(words, number)
                except (ValueError, OSError, EOFError) as err:
                    print(f"bench: cannot read a line of the guest: {err}", file=sys.stderr)
                    continue
                keep(entry)
                if entry["row"] in names:
                    progress.say(entry["row"], entry["driver"])
                else:
                    along.add(entry["row"])
            elif tag == "@failed":
                row, driver, *why = words.split(" ", 2)
                keep({"failed": row, "driver": driver, "round": number, "why": (why or [""])[0].strip()})
                print(f"bench: {row} failed on {driver}: {(why or [''])[0].strip()}", file=sys.stderr)
                progress.say(row, driver)
            elif tag == "@skipped":
                keep({"skipped": words, "round": number})
            elif tag == "@environment":
                note(folder, words)
            elif tag == "@done":
                finished = True
    sys.exit(0 if finished else 1)


if __name__ == "__main__":
    main()
