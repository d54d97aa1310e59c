# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of a guest's network: a network namespace of its own.

Each tap device number i (from 1) of the boot description gets 10.9.i.1/24 and
fd09:i::1/64 here; the guest takes .2. Nothing in it reaches any other network.
"""

import os
import subprocess
import sys

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")


class Network:
    def __init__(self, devices):
        self.devices = [dev for dev in devices if dev.kind == "net" and dev.backend == "tap"]
        self.holder = None
        self.running = {}       # name -> process
        if not self.devices:
            return
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo up; exec sleep infinity"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise RuntimeError("no network namespace: unshare --net failed")

    def enter(self):
        """What to put in front of a command so that it runs in the namespace."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"] if self.holder else []

    def ip(self, *words):
        subprocess.run(self.enter() + ["ip", *words], check=True)

    def start(self):
        """QEMU runs and has made its interfaces."""
        if not self.holder:
            return
        self.ip("link", "set", "lo", "up")
        for index, dev in enumerate(self.devices, 1):
            self.ip("addr", "add", f"10.9.{index}.1/24", "dev", dev.tap)
            self.ip("addr", "add", f"fd09:{index}::1/64", "dev", dev.tap, "nodad")
            self.ip("link", "set", dev.tap, "up")

    def counters(self, tap):
        """Packets and bytes from the guest, packets and bytes to it."""
        line = self.table()[tap]
        return [line[1], line[0], line[9], line[8]]

    def table(self):
        """/proc/net/dev of the namespace: interface -> numbers."""
        with open(f"/proc/{self.holder.pid}/net/dev", encoding="ascii") as text:
            rows = [line.partition(":") for line in text if ":" in line]
        return {name.strip(): [int(word) for word in rest.split()] for name, _, rest in rows}

    @staticmethod
    def command(words):
        return [sys.executable, "-B", PEER, *words[1:]] if words[0] == "peer" else words

    def run(self, words, seconds):
        """Status and output."""
        if not self.holder:
            raise RuntimeError("this guest has no network: give its boot a device with backend=tap")
        try:
            done = subprocess.run(self.enter() + self.command(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as err:
            raise RuntimeError(f"'{' '.join(words)}' took more than {seconds} s") from err
        except OSError as err:
            raise RuntimeError(f"{words[0]}: {err.strerror}") from err
        return done.returncode, done.stdout.decode(errors="replace")

    def begin(self, name, words):
        if not self.holder:
            raise RuntimeError("this guest has no network: give its boot a device with backend=tap")
        self.end(name)
        self.running[name] = subprocess.Popen(self.enter() + self.command(words), stdin=subprocess.DEVNULL,
                                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self, name):
        """Ends it, unless it ends by itself within a moment; its output."""
        process = self.running.pop(name, None)
        if not process:
            return ""
        try:
            return process.communicate(timeout=2)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            pass
        process.terminate()
        try:
            return process.communicate(timeout=5)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0].decode(errors="replace")

    def stop(self):
        for name in list(self.running):
            self.end(name)
        if self.holder:
            self.holder.kill()
            self.holder.wait()
            self.holder = None
