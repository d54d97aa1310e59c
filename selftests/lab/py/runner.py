#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest tests: one boot per kernel and boot description, tests one after
another in it. The inner half of "lab test"; runs in the private root."""

import argparse
import concurrent.futures
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import zlib

import accel
import again
from boots import Boot, BootError, size_bytes
import initrd
import ktap
from machine import READY_SECONDS, GuestDied, Machine

# A debug kernel is several times slower and wants memory for its shadow.
DEBUG_SLOWER = 4
DEBUG_MEMORY = "2G"
DEFAULT_TIMEOUT = 120
# A factor on all time-outs, for a machine that is slow or busy
SLOW = int(os.environ.get("VPV_SLOW", "1"))
# Run long tests on all of their kernels, not only on those they name for that
ALL = os.environ.get("VPV_ALL") == "yes"
# Run each test on one kernel, those of one boot on the same; the plain boot on all
ONCE = os.environ.get("VPV_ONCE") == "yes"

printing = threading.Lock()


class Test:
    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        self.name = self.file.removesuffix(".sh")
        self.head = {"boot": ["plain"], "timeout": [], "kernels": [], "briefly": [],
                     "expect-log": [], "fresh": []}
        with open(path, encoding="utf-8") as text:
            for line in text:
                if not line.startswith("#"):
                    break
                match = re.match(r"# ([a-z-]+): (.*)$", line)
                if not match or match[1] not in self.head:
                    continue
                if match[1] == "expect-log":
                    self.head[match[1]].append(match[2].strip())
                else:
                    self.head[match[1]] = match[2].split()

    @property
    def boots(self):
        return self.head["boot"]

    @property
    def fresh(self):
        return self.head["fresh"] == ["yes"]

    def seconds(self, kernel):
        seconds = int((self.head["timeout"] or [DEFAULT_TIMEOUT])[0])
        return SLOW * seconds * (DEBUG_SLOWER if kernel == "debug" else 1)

    def wants(self, kernel, kernels):
        """Does it run on this one, of the names of those there are?"""
        briefly = [] if ALL else self.head.get("briefly")
        named = briefly or self.head["kernels"] or kernels
        if ONCE and kernel != "debug" and (briefly or self.boots[0] != "plain"):
            named = [name for name in named if name != "debug"]
            return bool(named) and kernel == named[zlib.crc32(self.boots[0].encode()) % len(named)]
        return kernel in named


class Leaks(Test):
    """After the tests of a boot on the debug kernel: what they left behind."""

    def __init__(self):
        self.file, self.name = "bin/kmemleak", "kmemleak"
        self.head = {"boot": [], "timeout": ["60"], "kernels": [], "expect-log": ["kmemleak"], "fresh": []}


class Kernel:
    """What a guest of one kernel is made of, as the caller lists it."""

    def __init__(self, text):
        (self.name, self.image, self.release, self.base, self.modules,
         self.ours, self.programs) = text.split("|")


class Group:
    """Tests that share a kernel and a boot description."""

    def __init__(self, kernel, boot_name, tests, args, accel_kind, last=True):
        self.kernel, self.boot_name, self.tests = kernel, boot_name, list(tests)
        self.args, self.accel = args, accel_kind
        self.label = f"{kernel.name} {boot_name}"
        self.suffix = ""        # of the names of its logs
        self.last = last        # is what fails now failed for good?
        self.outcomes = []      # (test, tally), in the order they ended

    @property
    def tally(self):
        total = ktap.Tally()
        for _, tally in self.outcomes:
            total.add(tally)
        return total

    def boot(self):
        path = os.path.join(self.args.boots, self.boot_name + ".conf")
        boot = Boot(path)
        if self.kernel.name == "debug" and size_bytes(boot.settings["mem"]) < size_bytes(DEBUG_MEMORY):
            boot.settings["mem"] = DEBUG_MEMORY
        return boot

    @property
    def alone(self):
        """Do these tests count what a busy host would disturb?"""
        try:
            return self.boot().settings["jobs"] == "1"
        except BootError:
            return False

    def start(self, run_dir):
        boot = self.boot()
        image = os.path.join(run_dir, "initrd.cpio")
        if not os.path.exists(image):
            initrd.make(image, self.kernel.base, self.kernel.modules, self.kernel.release,
                        self.kernel.ours, self.kernel.programs, self.args.top, boot.map_text(),
                        [(test.path, test.file) for test in self.tests])
        return Machine(self.kernel.image, image, boot, run_dir, self.accel)

    def run(self):
        """Runs the tests; a guest that died or was spoilt is replaced."""
        run_dir = tempfile.mkdtemp(prefix="test-", dir=os.path.join(self.args.cache, "run"))
        waiting = list(self.tests)
        boots = 0
        try:
            while waiting:
                boots += 1
                machine = None
                try:
                    machine = self.start(run_dir)
                    machine.wait_ready(READY_SECONDS * SLOW)
                except (GuestDied, BootError) as err:
                    self.boot_failed(machine, waiting.pop(0), str(err), boots)
                    if machine:
                        machine.kill()
                    if isinstance(err, BootError) or boots > len(self.tests):
                        for test in waiting:
                            self.report(test, [], self.failed("its guest does not boot"), "")
                        waiting = []
                    continue
                self.run_tests(machine, waiting, boots)
                machine.kill()
                self.save(machine, boots)
        finally:
            shutil.rmtree(run_dir, ignore_errors=True)

    def run_tests(self, machine, waiting, boots):
        """Takes tests off the list until it is empty or the guest is no good."""
        bad = ktap.complaints(machine.console_text())
        if bad:
            self.boot_failed(machine, None, "complaint while booting: " + bad[0], boots)
        first = True
        while waiting:
            if waiting[0].fresh and not first:
                break
            first = False
            if not self.run_test(machine, waiting.pop(0)):
                return
        if self.kernel.name == "debug":
            self.run_test(machine, Leaks())
        machine.halt()

    def run_test(self, machine, test):
        """False when the guest must not be used further."""
        offset = os.path.getsize(machine.console)
        output = []
        started = time.monotonic()
        usable = not test.fresh
        bad = []
        try:
            status = machine.run(test.name, test.seconds(self.kernel.name), ["/test/" + test.file], output.append)
            log = self.test_log(machine, offset, test.name)
            tally = ktap.judge(output, status)
            usable = usable and status not in (124, 137)
            bad = ktap.complaints(log, test.head["expect-log"])
        except GuestDied as err:
            usable = False
            machine.kill()
            log = machine.console_text(offset)
            tally = ktap.judge(output, 0) if output else ktap.Tally()
            panic = [line for line in log.splitlines() if "Kernel panic" in line]
            tally.fail(panic[0].strip() if panic else str(err))
        if bad:
            usable = False      # lockdep and others speak only once
            tally.fail("the kernel's log has: " + bad[0].strip())
        self.report(test, output, tally, log, time.monotonic() - started)
        return usable

    def test_log(self, machine, offset, name):
        """The console since offset, complete up to the test's end mark."""
        deadline = time.monotonic() + 5
        while True:
            log = machine.console_text(offset)
            if f"vpv-test: end {name}" in log or time.monotonic() > deadline:
                return log
            time.sleep(0.05)

    def failed(self, note):
        tally = ktap.Tally()
        tally.fail(note)
        return tally

    def boot_failed(self, machine, test, note, boots):
        log = machine.console_text() if machine else ""
        self.save(machine, boots)
        if test is None:
            test = Test.__new__(Test)
            test.name = "boot"
        self.report(test, log.splitlines()[-30:], self.failed(note), log)

    def log_path(self, name):
        directory = os.path.join(self.args.logs, self.kernel.name, self.boot_name)
        os.makedirs(directory, exist_ok=True)
        return os.path.join(directory, name)

    def save(self, machine, boots):
        if machine and os.path.exists(machine.console):
            shutil.copy(machine.console, self.log_path(f"console{self.suffix}-{boots}.log"))

    def report(self, test, output, tally, log, seconds=0.0):
        """One KTAP result line, details for a failure, logs for all."""
        with open(self.log_path(test.name + self.suffix + ".ktap"), "w", encoding="utf-8") as out:
            out.write("\n".join(output) + "\n" + "".join(f"# {note}\n" for note in tally.notes))
        with open(self.log_path(test.name + self.suffix + ".log"), "w", encoding="utf-8") as out:
            out.write(log)
        self.outcomes.append((test, tally))
        with printing:
            # What is not the last word is a comment.
            mark = "# " if tally.failed and not self.last else ""
            if tally.failed:
                for line in output:
                    print(f"{mark}    {line}")
            for note in tally.notes:
                print(f"{mark}  # {note}")
            print(f"{mark}{verdict(self, test, tally)}, {seconds:.0f} s){skip_mark(tally)}", flush=True)


def verdict(group, test, tally):
    return f"{'not ok' if tally.failed else 'ok'} - {group.label} {test.name} ({tally.line()}"


def skip_mark(tally):
    return " # SKIP" if tally.skipped and not tally.passed and not tally.failed else ""


def groups(kernels, tests, args, accel_kind):
    result = []
    names = [kernel.name for kernel in kernels]
    for kernel in kernels:
        by_boot = {}
        for test in tests:
            if test.wants(kernel.name, names):
                for boot in test.boots:
                    if not args.boot or boot == args.boot:
                        by_boot.setdefault(boot, []).append(test)
        result += [Group(kernel, boot, members, args, accel_kind, not args.second_try)
                   for boot, members in by_boot.items()]
    return result


def main():
    parser = argparse.ArgumentParser()
    for name in ("top", "cache", "boots", "logs", "result"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--kernel", action="append", required=True)
    parser.add_argument("--boot")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--second-try", action="store_true")
    parser.add_argument("tests", nargs="*")
    args = parser.parse_args()
    kernels = [Kernel(text) for text in args.kernel]
    kind, why = accel.choose(args.cache, kernels[0].image)
    print(f"# guests under {kind.upper()} ({why})", flush=True)
    todo = groups(kernels, [Test(path) for path in args.tests], args, kind)
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        list(pool.map(Group.run, [group for group in todo if not group.alone]))
    for group in todo:
        if group.alone:
            group.run()
    if args.second_try:
        again.second_try(todo)
    total = ktap.Tally()
    for group in todo:
        total.add(group.tally)
    with open(args.result, "w", encoding="ascii") as out:
        out.write(f"{total.passed} {total.failed} {total.skipped}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
