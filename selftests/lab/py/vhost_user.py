# SPDX-License-Identifier: GPL-2.0-only
"""Devices of selftests/vhost-user: started before QEMU, ended after it."""

import os
import socket
import subprocess
import time

from boots import BootError, VU_PROGRAMS

START_SECONDS = 10


class VhostUser:
    def __init__(self, devices, directory):
        self.directory, self.processes = directory, {}
        try:
            for dev in devices:
                if dev.vu_options is not None:
                    self.start(dev)
        except BootError:
            self.stop()
            raise

    def log(self, name):
        return os.path.join(self.directory, name + ".vu.log")

    def start(self, dev):
        path = dev.socket(self.directory)
        program = os.path.join(os.environ["VPV_VHOST_USER"], VU_PROGRAMS[dev.kind][0])
        with open(self.log(dev.name), "ab") as log:
            process = subprocess.Popen([program, "--socket", path] + dev.vu_options,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[dev.name] = (dev, process)
        deadline = time.monotonic() + START_SECONDS
        while not os.path.exists(path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BootError(f"device {dev.name} does not start: {self.said(dev.name).strip()}")
            time.sleep(0.02)

    def restart(self, name):
        """A new process in place of one that ended or is ended here."""
        dev, process = self.processes[name]
        process.kill()
        process.wait()
        for path in (dev.socket(self.directory), dev.socket(self.directory) + ".ctl"):
            if os.path.exists(path):
                os.unlink(path)
        self.start(dev)

    def command(self, name, words):
        """The answer's lines without the last; RuntimeError when that is an error."""
        dev, _ = self.processes[name]
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(dev.socket(self.directory) + ".ctl")
            sock.sendall(" ".join(words).encode() + b"\n")
            with sock.makefile(encoding="utf-8") as stream:
                lines = stream.read().splitlines()
        if not lines or lines[-1] != "ok":
            raise RuntimeError(lines[-1] if lines else f"{name} gave no answer")
        return "\n".join(lines[:-1])

    def said(self, name):
        with open(self.log(name), encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        for _, process in self.processes.values():
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()
