#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""How long each measurement may take, so that all of them fit into the time there is.

plan.py make FOLDER LISTS SECONDS quick|full [OPTION=VALUE...]  writes FOLDER/plan.json and says what will happen
plan.py piece FOLDER INDEX SECONDS-LEFT    the words for guest/main, one a line, as the rest of the time allows
"""

import json
import os
import sys

import rows as lists

# Seconds beside the work itself, as measured under TCG on two processors: of a guest
# until it measures and after it has ended, and of one measurement.
GUEST = {"block": 14, "net": 16, "memory": 12, "many": 25, "free": 12}
EACH = {"block": 1.2, "net": 1.0, "memory": 1.0, "many": 1.2, "free": 1.0}
PER_MIB = 0.004         # of balloon rows: fill, inflate, deflate
SETTLE = 15             # until no more free pages are reported, twice
SHORTEST, LONGEST = 400, 3000      # ms
GOOD = 450              # ms: rather fewer runs than shorter ones
# Rounds (guests of each part, with the devices changed over in every second) and
# blocks in each, the best first.
QUICK = ((1, 2), (1, 1))
ORDER = ("block", "net", "memory", "many", "free")      # what matters most is measured first
FULL = ((3, 1), (2, 1), (1, 1))


def fixed(row):
    """Seconds of one measurement that do not depend on how long it is."""
    work = row["options"].split()
    if work[0] in ("balloon", "report"):
        return EACH[row["part"]] + PER_MIB * int(work[1]) + (SETTLE if work[0] == "report" else 0), 0
    return EACH[row["part"]], 1


def seconds(piece, ms):
    total = GUEST[piece["part"]]
    for row in piece["rows"]:
        base, timed = fixed(row)
        length = ms / 1000 * timed
        if row["part"] == "net":        # its tools know whole seconds only
            length = max(1, round(length))
        total += row["runs"] * (base + length)
    return total


def pieces_of(rows, rounds, blocks):
    """Guests, in order: each part once before any part again."""
    pieces = []
    for number in range(rounds):
        for part in ORDER:
            mine = [row for row in rows if row.part == part]
            if mine:
                pieces.append({"part": part, "round": number, "swap": number % 2, "blocks": blocks,
                               "emulated": int(number == 0),
                               "rows": [{"name": row.name, "part": part, "options": row.options, "line": row.line,
                                         "runs": row.runs(blocks, number == 0)} for row in mine]})
    return pieces


def fit(pieces, left):
    """The longest time for each measurement with which the pieces take no more than is left."""
    best = SHORTEST
    for ms in range(SHORTEST, LONGEST + 1, 50):
        if sum(seconds(piece, ms) for piece in pieces) <= left:
            best = ms
    return best


def make(rows, left, quick, options):
    choices = QUICK if quick else FULL
    if "rounds" in options or "blocks" in options:
        choices = ((int(options.get("rounds", 1)), int(options.get("blocks", 1))),)
    for rounds, blocks in choices:
        pieces = pieces_of(rows, rounds, blocks)
        ms = int(options.get("ms", 0)) or fit(pieces, left)
        if sum(seconds(piece, max(ms, GOOD)) for piece in pieces) <= left:
            break
    return {"seconds": left, "ms": ms, "fixed_ms": "ms" in options, "rounds": rounds, "blocks": blocks, "pieces": pieces}


def piece(plan, index, left):
    """The words for the guest, with what is left shared out anew. None: no time left."""
    this, rest = plan["pieces"][index], plan["pieces"][index:]
    ms = plan["ms"] if plan["fixed_ms"] else fit(rest, left)
    # A guest that is slower than thought stops early, so that the others have their turn.
    limit = min(seconds(this, ms) * 1.5, left) - GUEST[this["part"]] / 2
    if limit < 5:
        return None
    return [this["part"], this["blocks"], this["swap"], this["emulated"], ms, int(limit)] + \
        [row["line"] for row in this["rows"]]


def minutes(value):
    return f"{int(value) // 60}:{int(value) % 60:02d}"


def main():
    verb, folder = sys.argv[1:3]
    path = os.path.join(folder, "plan.json")
    if verb == "make":
        left, quick = float(sys.argv[4]), sys.argv[5] == "quick"
        options = dict(word.split("=", 1) for word in sys.argv[6:])
        try:
            rows = lists.choose(lists.load(sys.argv[3]), quick, options.pop("rows", "").split())
        except ValueError as err:
            sys.exit(f"bench: {err}")
        plan = make(rows, left, quick, options)
        with open(path, "w", encoding="utf-8") as out:
            json.dump(plan, out, indent=1)
        runs = sum(row["runs"] for each in plan["pieces"] for row in each["rows"])
        total = sum(seconds(each, plan["ms"]) for each in plan["pieces"])
        print(f"bench: {len(rows)} rows, {runs} measurements of about {plan['ms'] / 1000:g} s in "
              f"{len(plan['pieces'])} guests: about {minutes(total)}, at most {minutes(left)} minutes")
        return
    with open(path, encoding="utf-8") as text:
        words = piece(json.load(text), int(sys.argv[3]), float(sys.argv[4]))
    if words:
        print(*words, sep="\n")


if __name__ == "__main__":
    main()
