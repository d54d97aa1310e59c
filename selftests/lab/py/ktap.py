# SPDX-License-Identifier: GPL-2.0-only
"""Reads the KTAP of one test and judges the whole test."""

import re

SKIP_STATUS = 4
_result = re.compile(r"(not )?ok\b(?: (\d+))?(?: -)? ?(.*)$")
_plan = re.compile(r"1\.\.(\d+)(?:\s*#\s*SKIP\s*(.*))?$")

# What a healthy kernel does not say.
COMPLAINTS = re.compile(
    r"BUG:|kernel BUG at|WARNING:|Oops[: ]|general protection fault|Unable to handle|Kernel panic|"
    r"KASAN|UBSAN|KCSAN|KFENCE|ODEBUG|possible circular locking|possible recursive locking|"
    r"possible irq lock inversion|inconsistent lock state|suspicious RCU usage|"
    r"sleeping function called|scheduling while atomic|"
    r"INFO: task .* blocked for more than|soft lockup|hard LOCKUP|workqueue lockup|"
    r"rcu: INFO:|detected stalls|self-detected stall|refcount_t|list_(add|del) corruption|"
    r"DMA-API: (?!preallocated|debugging enabled)|kmemleak: [1-9]\d* new|blocked for more than|nobody cared|"
    r"\[virtio_pv\w*\] enqueued on deprecated workqueue")


def complaints(log, expected=()):
    """Lines of a kernel log that speak of trouble and were not expected."""
    allowed = [re.compile(regex) for regex in expected]
    return [line for line in log.splitlines()
            if COMPLAINTS.search(line) and not any(regex.search(line) for regex in allowed)]


class Tally:
    """passed, failed, skipped: numbers; notes: why, one line each."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes = []

    def fail(self, note):
        self.failed += 1
        self.notes.append(note)

    def skip(self, note):
        self.skipped += 1
        self.notes.append("SKIP " + note)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def judge(lines, status):
    """The tally of a test with this output and exit status."""
    tally = Tally()
    planned = None
    for line in lines:
        plan = _plan.match(line)
        if plan:
            planned = int(plan[1])
            if planned == 0:
                tally.skip(plan[2] or "no reason given")
            continue
        result = _result.match(line)
        if not result:
            continue
        name, _, directive = result[3].partition("#")
        directive = directive.strip()
        if directive.upper().startswith("SKIP"):
            tally.skip(f"{name.strip()}: {directive[4:].strip() or 'no reason given'}")
        elif result[1]:
            tally.fail(f"not ok: {name.strip()}")
        else:
            tally.passed += 1
    total = tally.passed + tally.failed + tally.skipped
    if status == SKIP_STATUS and total == 0:
        tally.skip("exit status 4")
    elif status in (124, 137):
        tally.fail("ran past its time-out")
    elif status not in (0, SKIP_STATUS) and tally.failed == 0:
        tally.fail(f"exit status {status} with no failed result")
    elif total == 0:
        tally.fail("printed no result")
    elif planned and planned != total:
        tally.fail(f"planned {planned} results, gave {total}")
    elif status == 0 and tally.failed:
        tally.notes.append("exit status 0 in spite of a failed result")
    return tally
