# SPDX-License-Identifier: GPL-2.0-only
"""A running guest: the QEMU process, its three serial lines, its monitor."""

import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

from counts import EVENTS, MAP_EVENT, Counts
from meter import Meter
from network import Network
import verbs
from vhost_user import VhostUser

READY_SECONDS = 240
# How much longer than its own time-out a test may be silent before the guest
# counts as hung.
SILENCE_SECONDS = int(os.environ.get("VPV_SILENCE", "30"))


class GuestDied(Exception):
    """The guest ended, or said nothing for too long."""


class Lines:
    """Lines from a socket, with a deadline."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def read(self, deadline):
        """The next line; None at the deadline; GuestDied at the end of file."""
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if not select.select([self.sock], [], [], min(left, 1.0))[0]:
                continue
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                raise GuestDied("the guest ended")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")


class Monitor:
    """QEMU's machine protocol; events are kept for who waits for them."""

    def __init__(self, sock):
        self.sock, self.lines, self.events = sock, Lines(sock), []
        self.lock = threading.RLock()
        self.message(time.monotonic() + 20)
        self.command("qmp_capabilities")

    def message(self, deadline):
        line = self.lines.read(deadline)
        return None if line is None else json.loads(line)

    def command(self, command, /, seconds=20, **arguments):
        return self.raw({"execute": command, "arguments": arguments}, seconds)

    def raw(self, request, seconds=20):
        """The answer's "return"; RuntimeError with QEMU's words otherwise."""
        with self.lock:
            self.sock.sendall(json.dumps(request).encode() + b"\n")
            deadline = time.monotonic() + seconds
            while True:
                reply = self.message(deadline)
                if reply is None:
                    raise RuntimeError(f"QEMU gave no answer to {request.get('execute')} in {seconds} s")
                if "event" in reply:
                    self.events.append(reply)
                    del self.events[:-200]
                elif "error" in reply:
                    raise RuntimeError(reply["error"]["desc"])
                else:
                    return reply["return"]

    def wait_event(self, wanted, seconds):
        """wanted(event) -> bool. Returns the event, None at the deadline."""
        deadline = time.monotonic() + seconds
        with self.lock:
            while True:
                for event in self.events:
                    if wanted(event):
                        self.events.remove(event)
                        return event
                reply = self.message(deadline)
                if reply is None:
                    return None
                if "event" in reply:
                    self.events.append(reply)


def stat_ms(path):
    """Processor time of a process or thread, user and system."""
    with open(path, encoding="ascii") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


class Machine:
    """kernel, initrd: paths. boot: a boots.Boot. directory: the run's own."""

    def __init__(self, kernel, initrd, boot, directory, accel, shell=False, state=None):
        self.boot, self.directory, self.accel, self.shell = boot, directory, accel, shell
        self.console = os.path.join(directory, "console.log")
        self.trace = os.path.join(directory, "trace.log")
        self.state = state or directory
        self.counts = Counts(self.trace)
        self.ended_by_request = False
        self.vhost_user = VhostUser(boot.devices, directory)
        self.network = Network(boot.devices)
        self.meter = Meter(self)
        open(self.console, "wb").close()
        pairs = [socket.socketpair() for _ in range(3)]
        (self.control, _), (rpc, _), (monitor, _) = pairs
        theirs = [pair[1] for pair in pairs]
        self.process = subprocess.Popen(
            self.network.enter() + self.command_line(kernel, initrd, [sock.fileno() for sock in theirs]),
            pass_fds=[sock.fileno() for sock in theirs],
            stdin=None if shell else subprocess.DEVNULL,
            stdout=None if shell else open(os.path.join(directory, "qemu.log"), "wb"),
            stderr=None if shell else subprocess.STDOUT)
        for sock in theirs:
            sock.close()
        self.lines = Lines(self.control)
        self.rpc = rpc
        try:
            self.monitor = Monitor(monitor)
            self.learn_devices()
            self.network.start()
            self.monitor.command("cont")
        except (GuestDied, RuntimeError) as err:
            self.kill()
            raise GuestDied(f"QEMU did not start: {self.qemu_words() or err}") from err
        threading.Thread(target=self.serve, daemon=True).start()

    def command_line(self, kernel, initrd, fds):
        setting = self.boot.settings
        accel = "kvm" if self.accel == "kvm" else "tcg,thread=multi,tb-size=256"
        append = ("console=ttyS0 loglevel=7 panic=-1 oops=panic 8250.nr_uarts=4 rdinit=/init "
                  "random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=60 "
                  "no_timer_check " + setting["append"])
        if self.accel != "kvm" and "tsc=" not in setting["append"]:
            # A busy host spoils the guest's measurement of its own time stamp
            # counter, and its clock then runs many times too fast.
            append += " tsc=unstable"
        if self.shell:
            append += " vpv.shell"
            console = ["-chardev", "stdio,id=con,mux=on,signal=off", "-mon", "chardev=con"]
        else:
            console = ["-chardev", f"file,id=con,path={self.console}"]
        args = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-S",
                "-machine", setting["machine"] + ",accel=" + accel.split(",", maxsplit=1)[0]
                + (setting["machine_props"] and "," + setting["machine_props"]),
                "-cpu", "host" if self.accel == "kvm" else setting["cpu"],
                "-smp", setting["smp"], "-m", setting["mem"],
                "-kernel", kernel, "-initrd", initrd, "-append", append, *console,
                "-device", "isa-serial,chardev=con,index=0",
                "-chardev", f"socket,id=control,fd={fds[0]}", "-device", "isa-serial,chardev=control,index=1",
                # an interrupt of its own: legacy lines cannot be shared
                "-chardev", f"socket,id=rpc,fd={fds[1]}", "-device", "isa-serial,chardev=rpc,index=2,irq=5",
                "-chardev", f"socket,id=qmp,fd={fds[2]}", "-mon", "chardev=qmp,mode=control"]
        if self.accel != "kvm":
            at = args.index("-machine")
            args[at + 1] = args[at + 1].replace(",accel=tcg", "")
            args += ["-accel", accel]
        for event in (*EVENTS, MAP_EVENT):
            args += ["-trace", event]
        args += ["-D", self.trace]
        return args + self.boot.qemu_devices(self.state, self.directory)

    def learn_devices(self):
        """The guest is still stopped; its first reset is in the trace."""
        missing = self.counts.map_devices([dev for dev in self.boot.devices if dev.plugged and dev.is_virtio])
        if missing:
            print(f"lab: no counts for {' '.join(missing)}: not found in QEMU's trace", file=sys.stderr)
        self.trace_resets(False)

    def trace_resets(self, enable):
        self.monitor.command("trace-event-set-state", name=MAP_EVENT, enable=enable)

    def qemu_words(self):
        try:
            with open(os.path.join(self.directory, "qemu.log"), encoding="utf-8", errors="replace") as log:
                return log.read().strip()
        except OSError:
            return ""

    def wait_ready(self, seconds=READY_SECONDS):
        deadline = time.monotonic() + seconds
        while True:
            line = self.lines.read(deadline)
            if line is None:
                raise GuestDied(f"the guest did not reach user space in {seconds} s")
            if line.startswith("##vpv ready"):
                return line.split()[2:]

    def run(self, name, seconds, argv, output):
        """Runs argv in the guest; output(line) gets each line. Returns its status."""
        request = " ".join(["run", shlex.quote(name), str(seconds)] + [shlex.quote(arg) for arg in argv])
        self.control.sendall(request.encode() + b"\n")
        # the guest's own time-out acts first; this one is for a hung guest
        deadline = time.monotonic() + seconds + SILENCE_SECONDS
        blank = False
        while True:
            line = self.lines.read(deadline)
            if line is None:
                raise GuestDied(f"the guest is silent: no verdict {seconds + SILENCE_SECONDS} s after the start of {name}")
            match = re.match(r"##vpv done (\S+) (\d+)$", line)
            if match and match[1] == name:
                return int(match[2])
            # the agent puts an empty line before its verdict
            if blank:
                output("")
            blank = line == ""
            if not blank:
                output(line)

    def halt(self):
        """Asks the guest to end, then makes it."""
        try:
            self.control.sendall(b"halt\n")
            self.process.wait(15)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.network.stop()
        self.vhost_user.stop()

    def monitor_status_wait(self, status, seconds):
        """Waits until QEMU's run state is the wanted one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.monitor.command("query-status")["status"] == status:
                return True
            time.sleep(0.1)
        return False

    def cpu_ms(self):
        """Processor time of QEMU."""
        return stat_ms(f"/proc/{self.process.pid}/stat")

    def vcpu_ms(self):
        """That of the guest's processors."""
        return sum(stat_ms(f"/proc/{self.process.pid}/task/{cpu['thread-id']}/stat")
                   for cpu in self.monitor.command("query-cpus-fast"))

    def console_text(self, offset=0):
        with open(self.console, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def serve(self):
        """Answers the guest's host command until the guest ends."""
        lines = Lines(self.rpc)
        while True:
            try:
                line = lines.read(time.monotonic() + 3600)
            except (GuestDied, OSError):
                return
            if not line:
                continue
            ident, _, rest = line.partition(" ")
            try:
                status, text = verbs.answer(self, shlex.split(rest))
            except (GuestDied, OSError) as err:
                status, text = 70, f"host: {err}"
            except ValueError as err:
                status, text = 64, f"host: cannot read '{rest}': {err}"
            reply = "".join(f"{ident} | {part}\n" for part in text.splitlines()) + f"{ident} end {status}\n"
            try:
                self.rpc.sendall(reply.encode())
            except OSError:
                return
