# SPDX-License-Identifier: GPL-2.0-only
"""A second try for tests that failed: alone on the machine, in a fresh guest.

Guests under TCG on a machine that others use, too, stand still for seconds now
and then. What passes only on the second try is named at the end: it wants a
look, but it does not hold up those who changed something else."""

# More than these have a common reason, and no second try would be of use.
TOO_MANY = 6


def failures(group):
    return [(test, tally) for test, tally in group.outcomes if tally.failed]


def suspects(group):
    """The tests to run again. A boot, or what all of them left behind: each."""
    failed = [test for test, _ in failures(group)]
    return failed if all(test in group.tests for test in failed) else group.tests


def give_up(groups):
    for group in groups:
        for test, tally in failures(group):
            print(f"not ok - {group.label} {test.name} ({tally.line()})", flush=True)


def run_again(group):
    tests = suspects(group)
    second = type(group)(group.kernel, group.boot_name, tests, group.args, group.accel)
    second.suffix = "-again"
    second.run()
    bad = [test for test, _ in failures(second)]
    for test, tally in failures(group):
        if test not in bad:
            print(f"# unsteady: {group.label} {test.name}: passed only on the second try; "
                  f"at first: {'; '.join(tally.notes)}", flush=True)
    group.outcomes = [(test, tally) for test, tally in group.outcomes
                      if not tally.failed and test not in tests] + second.outcomes


def second_try(groups):
    groups = [group for group in groups if failures(group)]
    count = sum(len(suspects(group)) for group in groups)
    if count > TOO_MANY:
        print(f"# {count} tests to run a second time: too many")
        give_up(groups)
        return
    for group in groups:
        run_again(group)
