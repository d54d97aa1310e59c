#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One guest, one script: the inner half of "lab run". Runs in the private root."""

import argparse
import os
import shutil
import sys
import tempfile
import time

import accel
from boots import Boot, BootError
import initrd
from machine import GuestDied, Machine


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("top", "cache", "kernel-name", "kernel", "release", "base", "modules"):
        parser.add_argument("--" + name, required=True)
    for name in ("ours", "programs", "boot", "smp", "mem", "machine", "append", "qemu", "state", "log-dir", "script"):
        parser.add_argument("--" + name)
    parser.add_argument("--timeout", type=int, default=300)
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("args", nargs="*")
    return parser.parse_args()


def boot_path(top, name):
    if name and "/" not in name:
        return os.path.join(top, "selftests", "guest", "boots", name + ".conf")
    return name


def describe(args):
    boot = Boot(boot_path(args.top, args.boot), {"smp": args.smp, "mem": args.mem, "machine": args.machine,
                                                 "qemu": args.qemu})
    if args.append:
        boot.settings["append"] += " " + args.append
    return boot


def run_script(machine, args):
    started = time.monotonic()
    release, cpus = machine.wait_ready()
    print(f"lab: {release}, {cpus} processors, up in {time.monotonic() - started:.1f} s", file=sys.stderr)
    status = machine.run("script", args.timeout, ["/test/run-me"] + args.args,
                         lambda line: print(line, flush=True))
    machine.halt()
    return status


def main():
    args = arguments()
    run_dir = tempfile.mkdtemp(prefix="run-", dir=os.path.join(args.cache, "run"))
    machine = None
    try:
        boot = describe(args)
        kind, why = accel.choose(args.cache, args.kernel)
        print(f"lab: Linux {args.release} under {kind.upper()} ({why})", file=sys.stderr)
        image = os.path.join(run_dir, "initrd.cpio")
        extra = [(args.script, "run-me")] if args.script else []
        initrd.make(image, args.base, args.modules, args.release, args.ours, args.programs, args.top,
                    boot.map_text(), extra)
        if args.state:
            os.makedirs(args.state, exist_ok=True)
        machine = Machine(args.kernel, image, boot, run_dir, kind, args.shell, args.state)
        if args.shell:
            machine.process.wait()
            return 0
        return run_script(machine, args)
    except GuestDied as err:
        if machine and machine.ended_by_request:
            print("lab: the guest was ended on its own request", file=sys.stderr)
            return 0
        print(f"lab: {err}", file=sys.stderr)
        if machine:
            tail = machine.console_text().splitlines()[-40:]
            print("lab: the end of its console:", *tail, sep="\n", file=sys.stderr)
        return 125
    except BootError as err:
        print(f"lab: error: {err}", file=sys.stderr)
        return 2
    finally:
        if machine:
            machine.kill()
            if args.log_dir:
                os.makedirs(args.log_dir, exist_ok=True)
                shutil.copy(machine.console, os.path.join(args.log_dir, "console.log"))
        shutil.rmtree(run_dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
