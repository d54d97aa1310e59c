# SPDX-License-Identifier: GPL-2.0-only
"""What a piece of work costs, read on the host's side of it: time, processor time
of QEMU, kicks and interrupts of devices, packets of taps, exits where KVM runs.

Both readings come from the host, so that the guest does nothing but its work in
between.
"""

import json
import threading
import time

CPUCLOCK_SCHED = 2      # of the kernel's clock ids for processes: (~pid << 3) | which
LONGEST = 120.0         # seconds that anything is waited for


def cpu_ns(pid):
    """Processor time of all threads of a process, those that have ended too."""
    return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)


def exits(machine):
    """Exits of all the guest's processors; None where nobody counts them."""
    if machine.accel != "kvm":
        return None
    request = {"execute": "query-stats", "arguments": {
        "target": "vcpu", "providers": [{"provider": "kvm", "names": ["exits"]}]}}
    try:
        answer = machine.monitor.raw(request)
    except RuntimeError:
        return None
    values = [stat["value"] for cpu in answer for stat in cpu["stats"] if stat["name"] == "exits"]
    return sum(values) if values else None


class Meter:
    def __init__(self, machine):
        self.machine = machine
        self.first = None
        self.devices = []
        self.sampler = self.stop = self.middle = None

    def taps(self):
        """[packets, bytes] from the guest, [packets, bytes] to it, of the devices that have a tap."""
        out = [0, 0, 0, 0]
        names = [dev.tap for dev in self.devices if dev in self.machine.network.devices]
        for name in names:
            line = self.machine.network.counters(name)
            out = [a + b for a, b in zip(out, line)]
        return out if names else None

    def events(self):
        """Kicks, interrupts; None where QEMU's trace says nothing of such a device."""
        virtio = [dev.name for dev in self.devices if dev.is_virtio]
        if not virtio:
            return None
        self.machine.counts.read()
        totals = [self.machine.counts.totals.get(name, [0, 0, 0]) for name in virtio]
        return [sum(total[0] for total in totals), sum(total[1] for total in totals)]

    def reading(self):
        now = {"ns": time.monotonic_ns(), "cpu_ns": cpu_ns(self.machine.process.pid)}
        now["taps"], now["exits"] = self.taps(), exits(self.machine)
        now["events"] = self.events()
        return now

    def begin(self, names):
        self.devices = [self.machine.boot.device(name) for name in names]
        self.events()       # what the log holds so far takes time to read: now
        self.first = self.reading()

    def operations(self):
        """Reads and writes that the disks have done."""
        stats = [disk["stats"] for disk in self.machine.monitor.command("query-blockstats")]
        return sum(each["rd_operations"] + each["wr_operations"] for each in stats)

    def work(self, seconds, names):
        """begin(), for disks; and time and processor time of so many seconds out of the work, so
        that what the guest does before and after it does not count."""
        self.begin(names)
        start, self.stop, self.middle = self.operations(), threading.Event(), None

        def sample():
            while self.operations() - start < 10:
                if self.stop.wait(0.005):
                    return
            readings = []
            for wait in (0, min(seconds, LONGEST)):
                self.stop.wait(wait)
                readings.append((time.monotonic_ns(), cpu_ns(self.machine.process.pid)))
            self.middle = [b - a for a, b in zip(*readings)]
        self.sampler = threading.Thread(target=sample, daemon=True)
        self.sampler.start()

    def end(self):
        """The differences, as one line of JSON."""
        if self.first is None:
            raise RuntimeError("nothing was begun")
        first, last = self.first, self.reading()
        self.first = None
        if self.sampler:
            self.stop.set()
            self.sampler.join(10)
            self.sampler = None
        said = {key: last[key] - first[key] for key in ("ns", "cpu_ns")}
        for key, names in (("events", ("kicks", "irqs")),
                           ("taps", ("out_packets", "out_bytes", "in_packets", "in_bytes"))):
            for i, name in enumerate(names):
                said[name] = None if first[key] is None else last[key][i] - first[key][i]
        if self.middle:
            said["work_ns"], said["work_cpu_ns"] = self.middle
            self.middle = None
        said["exits"] = None if first["exits"] is None else last["exits"] - first["exits"]
        return json.dumps({key: value for key, value in said.items() if value is not None})

    def until(self, done, seconds, what, tick=0.002):
        deadline = time.monotonic() + min(seconds, LONGEST)
        while not done():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: not within {min(seconds, LONGEST):g} s")
            time.sleep(tick)

    def flow(self, seconds, packets, names):
        """Waits until the taps have carried so many packets, then reads for that many seconds."""
        self.begin(names)
        start = self.taps()
        if start is None:
            raise RuntimeError(f"{' '.join(names)}: no tap")

        def flows():
            now = self.taps()
            return now[0] + now[2] - start[0] - start[2] >= packets
        self.until(flows, 20, f"{packets} packets")
        self.begin(names)
        time.sleep(min(seconds, LONGEST))
        return self.end()

    def balloon(self, name, mib, seconds):
        """Until the guest has told that it has mib."""
        monitor = self.machine.monitor
        self.begin([name])
        monitor.command("balloon", value=mib << 20)
        self.until(lambda: monitor.command("query-balloon")["actual"] == mib << 20, seconds, f"{mib} MiB", 0.005)
        return self.end()

    def freed(self, name, mib, seconds, rss_kib):
        """Until the host has so many MiB less behind the guest's memory."""
        start = rss_kib()
        self.begin([name])
        self.until(lambda: start - rss_kib() >= mib << 10, seconds, f"{mib} MiB less", 0.05)
        return self.end()
