#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of again.py, with groups that play a script instead of booting. KTAP."""

import contextlib
import io
import sys

import again
import ktap

count = failed = 0


def result(good, what):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}")


def outcome(name, good):
    tally = ktap.Tally()
    if good:
        tally.passed = 1
    else:
        tally.fail("not ok: it")
    return name, tally


class Group:
    """Tests are names in small letters; Leaks and boots in capitals are none of them."""

    def __init__(self, kernel, boot_name, tests, *_):
        self.kernel, self.boot_name, self.tests = kernel, boot_name, tests
        self.args = self.accel = None
        self.label, self.outcomes = "label", []

    def run(self):
        self.outcomes = [outcome(Name(test), test not in self.kernel) for test in self.tests]


class Name(str):
    @property
    def name(self):
        return self


def play(first, steady=()):
    """Outcomes at first, names that fail again; what is printed and left."""
    group = Group(steady, "boot", [Name(name) for name in first if name.islower()])
    group.outcomes = [outcome(Name(name), good) for name, good in first.items()]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        again.second_try([group])
    return said.getvalue(), {test: not tally.failed for test, tally in group.outcomes}


said, left = play({"a": True, "b": False})
result(left == {"a": True, "b": True}, "what passes the second time has passed")
result("unsteady: label b: passed only on the second try; at first: not ok: it" in said, "and is named, with why")
said, left = play({"a": True, "b": False}, ["b"])
result(left == {"a": True, "b": False} and not said, "what fails twice has failed")
said, left = play({"a": True, "b": True})
result(left == {"a": True, "b": True} and not said, "what passes is not run again")
said, left = play({"a": True, "LEAKS": False}, ["a"])
result(left == {"a": False}, "a leak of all of them makes all run again")
many = {chr(ord("a") + i): False for i in range(again.TOO_MANY + 1)}
said, left = play(many)
result(not any(left.values()) and said.count("\nnot ok - label") == len(many), "many failures are final, and said")
print(f"1..{count}")
sys.exit(failed != 0)
