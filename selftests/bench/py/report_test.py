#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the benchmark's statistics, its plan and its report, from measurements
that are kept beside this file. KTAP."""

import copy
import json
import os
import re
import shutil
import sys
import tempfile
import time

import collect
import pictures
import plan
import report
import rows as lists
import runs as raw
import stats

HERE = os.path.dirname(os.path.abspath(__file__))
LISTS = os.path.dirname(HERE)
count = failed = 0


def result(good, what, why=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}")
    if not good and why:
        print("# " + str(why).replace("\n", "\n# "))


def equal(wanted, got, what):
    result(wanted == got, what, f"wanted {wanted!r}, got {got!r}")


def close(wanted, got, what):
    result(abs(wanted - got) <= 1e-3 * abs(wanted), what, f"wanted {wanted!r}, got {got!r}")


def canned():
    with open(os.path.join(HERE, "canned.jsonl"), encoding="utf-8") as text:
        return {entry["row"]: entry for entry in map(json.loads, text)}


# ---- statistics ----

def test_stats():
    equal((3, 1, 5), stats.interval([5, 1, 3]), "few values: the median between the smallest and the largest")
    equal((5, 2, 8), stats.interval(range(1, 10)), "nine values: from the second on to the eighth")
    equal([1, 1, 1, 1, 2, 2, 2, 3], [stats.rank(n) for n in (1, 2, 6, 8, 9, 10, 11, 12)], "ranks are those of the sign test")
    close(0.875, stats.confidence(4), "four values enclose the median with 87.5 %")
    close(0.9609, stats.confidence(9), "nine with 96 %")
    close(1 / 3, stats.apart_by_chance(2), "two and two values do not overlap in a third of all cases")
    close(2 / 70, stats.apart_by_chance(4), "four and four seldom")
    equal(1.5, stats.noise_floor([(2, 2), (2, 3), (4, 2)]), "A/A is the median of the factors, whichever is larger")
    equal(1.0, stats.noise_floor([]), "and nothing without pairs")


def test_verdicts():
    def verdict(ours, theirs, **more):
        return stats.verdict(ours, theirs, **{"floor": 1.1, "more_is_better": True, **more})
    far, near = (20, 19, 21), (10, 9, 11)
    equal("better", verdict(far, near), "more is better")
    equal("worse", verdict(near, far), "less is worse")
    equal("worse", verdict(far, near, more_is_better=False), "but not of what costs")
    equal("better", verdict(near, far, more_is_better=False), "of which less is better")
    equal("same", verdict(far, (10, 9, 19.5)), "intervals that overlap: no difference")
    equal("same", verdict((10.9, 10.8, 11), (10, 9.9, 10.1)), "within A/A: no difference")
    equal("worse", verdict((0.5, 0.4, 0.6), (0, 0, 0), more_is_better=False), "some where in-tree has none is worse")
    equal("better", verdict((0, 0, 0), (1, 1, 1), more_is_better=False), "none where in-tree has some is better")
    equal("same", verdict((0.03, 0.03, 0.03), (0.02, 0.02, 0.02), more_is_better=False, least=0.02), "a stray one is nothing")


# ---- what the tools print ----

def test_values(kept):
    values = {row: raw.values_of(entry) for row, entry in kept.items()}
    for row, name, want in EXPECTED:
        close(want, values[row].get(name, float("nan")), f"{row}: {name}")
    broken = copy.deepcopy(kept["randread-32"])
    broken["out"]["jobs"][0]["read"]["total_ios"] = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "raw.jsonl"), "w", encoding="utf-8") as out:
            print(json.dumps(broken), file=out)
            print(json.dumps({"failed": "randread-1", "driver": "ide", "round": 0, "why": "no disk"}), file=out)
            print(json.dumps({"skipped": "jobs-4", "round": 0}), file=out)
            out.write('{"row": "randread-32", "dri')
        runs, wrong, skipped = raw.load(folder)
    equal(0, len(runs), "half a line at the end is passed over")
    equal(["randread-32", "randread-1"], [row for row, _, _ in wrong], "work that did nothing has failed, like what says so")
    equal(["jobs-4"], skipped, "what was left out is known")


# ---- the report ----

def scaled(entry, driver, half, share):
    """As if measured with that driver, at that share of the rate; it kicks as little."""
    other = copy.deepcopy(entry)
    other.update(driver=driver, half=half)
    side = other["out"]["jobs"][0]["read"]
    side["iops"] *= share
    other["meter"]["kicks"] = int(other["meter"]["kicks"] * share)
    return other


def made_report(entries, environment):
    folder = tempfile.mkdtemp()
    try:
        with open(os.path.join(folder, "raw.jsonl"), "w", encoding="utf-8") as out:
            for entry in entries:
                print(json.dumps(entry), file=out)
        with open(os.path.join(folder, "environment.txt"), "w", encoding="utf-8") as out:
            out.write(environment)
        report.make(folder, LISTS)
        told = {}
        for name in ("report.md", "report.html", "summary.tsv", "runs.tsv"):
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                told[name] = text.read()
        told["pictures"] = {name: os.path.getsize(os.path.join(folder, "pictures", name))
                            for name in os.listdir(os.path.join(folder, "pictures"))}
        with open(os.path.join(folder, "pictures", "overview.dat"), encoding="utf-8") as text:
            told["overview.dat"] = text.read()
        return told
    finally:
        shutil.rmtree(folder)


def part_of(text, heading):
    return text.split(f"## {heading}\n")[1].split("\n## ")[0]


def test_report(kept):
    base = kept["randread-32"]
    entries = []
    for half, jitter in ((0, 1.0), (1, 1.02)):
        entries += [scaled(base, "ours", half, 2 * jitter), scaled(base, "in-tree", half, jitter)]
        losing = copy.deepcopy(base)
        losing["row"] = "randread-1"
        entries += [scaled(losing, "ours", half, 0.4 * jitter), scaled(losing, "in-tree", half, jitter)]
    entries.append({"failed": "fdatasync", "driver": "nvme", "round": 0, "why": "gone | lost"})
    entries.append({"skipped": "jobs-4", "round": 0})
    told = made_report(entries, "accelerator TCG (no /dev/kvm)\nguest_kernel 7.3\nhost_cpus 2\nstopped after 7 s\n")
    page_text, web = told["report.md"], told["report.html"]
    equal(1, part_of(page_text, "Where ours loses").count("| rate |"), "the row that loses is told of, and no other")
    result("depth 1, libaio | rate" in part_of(page_text, "Where ours loses"), "by its name")
    result("depth 32, one by one | rate" in part_of(page_text, "Where ours wins most"), "so is the one that wins")
    result("under **TCG**" in page_text and "no exits" in page_text, "it is said that this is emulation")
    result("| rate | 1 | 0 | 1 |" in page_text, "wins and losses are counted", page_text[:1500])
    result("33 % of cases" in page_text, "and how little two runs prove is said")
    result("| fdatasync | nvme | gone / lost |" in page_text, "what failed is listed")
    result("jobs-4" in part_of(page_text, "Not complete") and "after 7 s" in part_of(page_text, "Not complete"),
           "and what is missing")
    result(re.search(r'<td class="worse">[0-9.]+ ▼</td>', web), "losses have a colour")
    result(re.search(r'<td class="better">[0-9.]+ ▲</td>', web), "wins have one, too")
    equal(web.count("<table>"), web.count("</table>"), "tables end")
    result("overview.svg" in page_text, "there is a picture of everything")
    lines = [line.split() for line in told["overview.dat"].splitlines() if not line.startswith("#")]
    equal({'"2.00"', '"0.40"'}, {line[4] for line in lines if line[0] == "0"}, "which has the ratio of each row")
    result(told["pictures"].get("overview.gp", 0) > 500, "and a script that draws it")
    if shutil.which("gnuplot"):
        result(told["pictures"].get("overview.svg", 0) > 2000 and web.count("<svg") == 2, "and is drawn, inside of the page")
    equal(len(entries) - 2 + 1, told["runs.tsv"].count("\n"), "each run has its line")
    again = made_report(entries, "accelerator KVM (a trial boot under KVM ran)\n")
    result("under **KVM**" in again["report.md"] and "no exits" not in again["report.md"], "under KVM it does not say so")
    equal(told["summary.tsv"], again["summary.tsv"], "the same raw data give the same numbers")


# ---- the lists, the plan, the progress ----

def test_lists():
    rows = lists.load(LISTS)
    result(len(rows) > 50 and all(row.section for row in rows), "every row has a section")
    result(all(row.unit and row.per for row in rows), "and something that is counted")
    quick = lists.choose(rows, True, [])
    equal({"block", "net", "memory"}, {row.part for row in quick}, "a quick run has rows of disk, network, balloon and clock")
    equal({1}, {len(row.others) for row in quick}, "with one emulated device at most")
    slugs = [pictures.slug(title) for title in dict.fromkeys(row.section for row in rows)]
    equal(len(slugs), len(set(slugs)), "no two sections share a picture")
    try:
        lists.choose(rows, False, ["no-such"])
        result(False, "an unknown row is refused")
    except ValueError as err:
        result("no-such" in str(err) and "randread-32" in str(err), "an unknown row is refused, with those there are")
    try:
        lists.parse("a\tb\tc\tfull\toptions\twithout a bar\n", "x")
        result(False, "a line that is no row is refused")
    except ValueError as err:
        result(str(err).startswith("x.list:1:"), "a line that is no row is refused, with its place")


def test_plan():
    rows = lists.load(LISTS)
    for quick, minutes in ((True, 4.6), (False, 25), (False, 60)):
        made = plan.make(lists.choose(rows, quick, []), minutes * 60, quick, {})
        total = sum(plan.seconds(piece, made["ms"]) for piece in made["pieces"])
        result(total <= minutes * 60, f"{'quick' if quick else 'full'}: fits into {minutes} minutes", f"{total} s")
    made = plan.make(rows, 3600, False, {"rounds": "2", "blocks": "1"})
    first = made["pieces"][0]
    runs = {row["name"]: row["runs"] for row in first["rows"]}
    equal((6, 4), (runs["batch-32"], runs["jobs-2"]), "two runs of each driver in a block, of the emulated ones in the first guest")
    equal(None, plan.piece(made, 0, 3), "without time nothing is begun")
    words = plan.piece(made, 0, 100)
    result(words[5] <= 100 and words[4] == plan.SHORTEST, "with little each measurement is short and the guest stops in time",
           words[:6])
    equal([0, 1], [piece["swap"] for piece in made["pieces"] if piece["part"] == "block"][:2], "the devices change over in the second round")


def test_progress():
    rows = lists.choose(lists.load(LISTS), True, [])
    made = plan.make(rows, 240, True, {})
    progress = collect.Progress(made, 0, time.time() - 100)
    result(progress.total == sum(row["runs"] for piece in made["pieces"] for row in piece["rows"]), "progress counts all runs")
    packed = "H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA=="       # {}
    equal({"row": "x", "round": 3, "tool": "fio", "out": {}}, collect.record('{"row":"x"} fio ' + packed, 3), "a line of the guest is read")


# row, quantity, and what it is by the numbers in canned.jsonl
EXPECTED = (
    ("randread-32", "rate", 12811.126),
    ("randread-32", "kicks", 2239 / 18653),
    ("randread-32", "irqs", 1583 / 18653),
    ("randread-32", "host", 897738.722 / (1.350135839 * 12811.126)),
    ("randread-32", "p99", 17170.432),
    ("fdatasync", "rate", 3072.802),
    ("fdatasync", "irqs", 8947 / 4474),
    ("inflate-512", "rate", 512 / 0.766973),
    ("inflate-512", "kicks", 4 * 2),
    ("inflate-512", "host", 838685.464 / 512),
    ("clock", "rate", 1e9 / 11455),
    ("clock", "kicks", 12000 / 12000),
    ("clock", "p50", 4.760),
    ("tcp-send-1", "rate", (111564992 - 66 * 1972) / 1048576 / 0.701168),
    ("tcp-send-1", "kicks", 1156 / (1972 + 1428)),
    ("tcp-receive-1", "irqs", 613 / 64160),
    ("udp64-receive", "rate", (175886 - 131578) / 1.017505),
    ("udp64-receive", "lost", 74.8087),
    ("ping-200", "kicks", 139 / 278),
    ("ping-200", "host", 266114.425 / 139),
    ("ping-200", "lost", 0),
    ("connect", "rate", 621.02),
    ("connect", "host", 704718.491 / (0.700152548 * 621.02)),
)


def main():
    kept = canned()
    test_stats()
    test_verdicts()
    test_values(kept)
    test_report(kept)
    test_lists()
    test_plan()
    test_progress()
    print(f"1..{count}")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
