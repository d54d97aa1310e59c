# SPDX-License-Identifier: GPL-2.0-only
"""Kicks and interrupts of each device, counted from QEMU's own trace.

The events name a virtio device by its address in QEMU. Which address is which
device is learnt from QEMU's reset events: at start the tree of buses is walked
from the newest device to the oldest; a device plugged later is reset alone.
"""

import re

EVENTS = ("virtio_queue_notify", "virtio_notify", "virtio_notify_irqfd", "virtio_notify_config")
MAP_EVENT = "resettable_phase_enter_begin"

_event = re.compile(r"(virtio_queue_notify|virtio_notify_irqfd|virtio_notify_config|virtio_notify) "
                    r"vdev (0x[0-9a-f]+)")
_reset = re.compile(r"resettable_phase_enter_begin (?:obj=)?(0x[0-9a-f]+)\((virtio[a-z-]*-device|vhost[a-z-]*)\)")


class Counts:
    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.names = {}             # address in QEMU -> device name
        self.totals = {}            # name -> [kicks, interrupts, config interrupts]
        self.seen_resets = []       # (address, type) in order, since the last forget
        self.partial = ""

    def read(self):
        """Takes in what QEMU has logged since the last call."""
        try:
            with open(self.path, encoding="ascii", errors="replace") as log:
                log.seek(self.offset)
                text = self.partial + log.read()
                self.offset = log.tell()
        except FileNotFoundError:
            return
        lines = text.split("\n")
        self.partial = lines.pop()
        for line in lines:
            match = _event.search(line)
            if match:
                total = self.totals.setdefault(self.names.get(match[2], match[2]), [0, 0, 0])
                total[{"virtio_queue_notify": 0, "virtio_notify_config": 2}.get(match[1], 1)] += 1
                continue
            match = _reset.search(line)
            if match and (match[1], match[2]) not in self.seen_resets:
                self.seen_resets.append((match[1], match[2]))

    def forget_resets(self):
        self.read()
        self.seen_resets = []

    def map_devices(self, devices):
        """devices: in the order of the command line. Returns those not found."""
        self.read()
        resets = list(reversed(self.seen_resets))
        missing = []
        for dev in devices:
            kind = dev.vdev_type
            found = next((entry for entry in resets if entry[1] == kind), None)
            if found is None:
                missing.append(dev.name)
                continue
            resets.remove(found)
            self.names[found[0]] = dev.name
            self.totals.setdefault(dev.name, [0, 0, 0])
        return missing
