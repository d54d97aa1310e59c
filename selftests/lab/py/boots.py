# SPDX-License-Identifier: GPL-2.0-only
"""Boot descriptions: selftests/guest/boots/NAME.conf made into QEMU arguments.

A line is KEY=VALUE for the guest itself, or KIND NAME PROPERTY=VALUE... for a
device. The lab gives each device its address and its backing file.
"""

import json
import os
import re
import shlex

SETTINGS = {"smp": "2", "mem": "512M", "machine": "q35", "append": "", "cpu": "max", "qemu": "",
            "machine_props": "", "jobs": ""}
FIRST_SLOT = 0x10
LAST_SLOT = 0x1e

# device driver of each kind, and whether it sits on PCI
KINDS = {
    "blk": "virtio-blk-pci",
    "net": "virtio-net-pci",
    "balloon": "virtio-balloon-pci",
    "clock": "virtio-rtc-pci",
    "nvme": "nvme",
    "ide": "ide-hd",
    "vublk": "vhost-user-blk-pci",
    "vurtc": "vhost-user-rtc-pci",
    "vuballoon": "vhost-user-test-device-pci",
    "vunet": "vhost-user-test-device-pci",
    "vfublk": "vfio-user-pci",
    "dev": None,
}


# kinds that are processes of their own behind a vhost-user socket: program,
# and what the generic device has to be told to be one of them
VU_PROGRAMS = {"vublk": ("vu-blk", {"virtio-id": "2", "config_size": "96", "vq_size": "256"}),
               "vurtc": ("vu-rtc", {"virtio-id": "17", "num_vqs": "2"}),
               "vuballoon": ("vu-balloon", {"virtio-id": "5", "config_size": "16", "vq_size": "256"}),
               "vunet": ("vu-net", {"virtio-id": "1", "config_size": "32", "vq_size": "256"}),
               "vfublk": ("vfu-blk", {})}
VFIO_USER = "vfio-user-pci"
VU_QUEUES = {"vhost-user-blk-pci": "num-queues", "vhost-user-test-device-pci": "num_vqs"}
VU_GENERIC = "vhost-user-test-device-pci"


class BootError(Exception):
    pass


def size_bytes(text):
    match = re.fullmatch(r"(\d+)([KMGT]?)", text)
    if not match:
        raise BootError(f"'{text}' is not a size; write for example 64M")
    return int(match[1]) << (10 * " KMGT".index(match[2] or " "))


class Device:
    """One named device: its QEMU -device text, where it sits, what backs it."""

    def __init__(self, kind, name, props):
        self.kind, self.name = kind, name
        self.driver = props.pop("driver", None) or KINDS[kind]
        self.backend = props.pop("backend", None)
        self.hotplug = props.pop("hotplug", "off") == "on"
        self.plugged = props.pop("plugged", "on") == "on"
        # a device in a process of its own: vu=its options, queues=how many
        self.vu_options = None
        if kind in VU_PROGRAMS:
            self.vu_options = shlex.split(props.pop("vu", ""))
        if kind in ("vublk", "vuballoon"):
            queues = props.pop("queues", "1")
            self.vu_options += ["--num-queues", queues]
            props.setdefault(VU_QUEUES[self.driver], queues)
        if kind == "vunet":
            # and one queue for control
            pairs = props.pop("pairs", "1")
            self.vu_options += ["--pairs", pairs]
            props.setdefault(VU_QUEUES[self.driver], str(2 * int(pairs) + 1))
        self.reconnect = props.pop("reconnect", None)
        self.queues = int(props.pop("queues", "1")) if kind == "net" and self.vu_options is None else 1
        self.props = props
        self.address = None     # PCI address of the device, or of its root port
        self.bus = None
        self.file = None
        if self.driver is None:
            raise BootError(f"device {name}: say which, driver=QEMU-DEVICE")

    @property
    def is_virtio(self):
        return self.driver.startswith("virtio-") and "-pci" in self.driver

    @property
    def vdev_type(self):
        """QEMU's type name of the virtio device below the PCI device."""
        base = re.sub(r"-pci(-(non-)?transitional)?$", "", self.driver)
        return base if base.endswith("-device") else base + "-device"

    def socket(self, directory):
        return os.path.join(directory, self.name + ".vu")

    def chardev(self, directory):
        """-chardev arguments of a device behind a vhost-user socket."""
        if self.vu_options is None or self.driver == VFIO_USER:
            return []
        again = f",reconnect-ms={self.reconnect}" if self.reconnect else ""
        return ["-chardev", f"socket,id=vu-{self.name},path={self.socket(directory)}{again}"]

    def node(self):
        return "node-" + self.name

    @property
    def tap(self):
        """The interface on the host's side."""
        return ("tap-" + self.name)[:15]

    def netdev(self):
        """-netdev arguments: backend=tap (in the guest's own network namespace), user, or
        stream:PORT, frames with their length before them to a TCP server in that namespace."""
        if self.kind != "net" or self.backend is None:
            return []
        if self.backend == "user":
            return ["-netdev", f"user,id=net-{self.name}"]
        if self.backend.startswith("stream:"):
            return ["-netdev", f"stream,id=net-{self.name},server=off,reconnect-ms=200,addr.type=inet,"
                    f"addr.host=127.0.0.1,addr.port={self.backend[7:]}"]
        if self.backend != "tap":
            raise BootError(f"device {self.name}: no backend '{self.backend}'; there are tap, user and stream:PORT")
        queues = f",queues={self.queues}" if self.queues > 1 else ""
        return ["-netdev", f"tap,id=net-{self.name},ifname={self.tap},script=no,downscript=no{queues}"]

    def blockdev(self, directory):
        """-blockdev arguments; files are made in directory unless there already."""
        if self.backend is None or self.kind == "net":
            return []
        kind, _, rest = self.backend.partition(":")
        size, *options = (rest or "64M").split(",")
        opts = "".join("," + opt for opt in options)
        node = self.node()
        if kind == "null":
            size = size_bytes(size if rest else "1G")
            return ["-blockdev", f"driver=null-co,node-name={node},size={size},read-zeroes=on{opts}"]
        self.file = os.path.join(directory, self.name + ".img")
        if not os.path.exists(self.file):
            with open(self.file, "wb") as image:
                image.truncate(size_bytes(size))
        if kind == "file":
            return ["-blockdev", f"driver=raw,node-name={node},discard=unmap,detect-zeroes=off,"
                    f"file.driver=file,file.filename={self.file}{opts}"]
        if kind == "blkdebug":
            return ["-blockdev", f"driver=raw,node-name={node},discard=unmap,file.driver=blkdebug,"
                    f"file.node-name={node}-debug,file.image.driver=file,file.image.filename={self.file}{opts}"]
        raise BootError(f"device {self.name}: no backend '{kind}'; there are null, file and blkdebug")

    def arguments(self):
        """The properties of -device and of the device_add command."""
        args = {"driver": self.driver, "id": self.name}
        if self.bus:
            args["bus"] = self.bus
        if self.bus in ("pcie.0", "pci.0"):
            args["addr"] = self.address.split(":")[-1]
        elif self.bus:
            args["addr"] = "0" if self.kind != "ide" else None
        if self.kind == "net":
            if self.backend:
                args["netdev"] = "net-" + self.name
            if self.queues > 1:
                args["mq"] = "on"
            args["romfile"] = ""
        elif self.backend:
            args["drive"] = self.node()
        if self.kind == "blk":
            args["serial"] = self.name
        if self.kind == "nvme":
            args["serial"] = self.name
        if self.kind == "ide":
            args["model"] = self.name
        # Each kick is then a trace event of its own; with an eventfd between,
        # QEMU joins kicks that come close together.
        if self.is_virtio and self.kind in ("blk", "net"):
            args["ioeventfd"] = "off"
        if self.vu_options is not None and self.driver != VFIO_USER:
            args["chardev"] = "vu-" + self.name
            if self.driver == VU_GENERIC:
                args.update(VU_PROGRAMS[self.kind][1])
        args.update(self.props)
        return {key: value for key, value in args.items() if value is not None}

    def qemu(self, sockets=""):
        if self.driver == VFIO_USER:
            # its socket is an object, which only JSON can say
            return json.dumps({**self.arguments(),
                               "socket": {"type": "unix", "path": self.socket(sockets)}})
        return ",".join([self.driver] + [f"{key}={value}" for key, value in self.arguments().items()
                                         if key != "driver"])


class Boot:
    def __init__(self, path, overrides=None):
        self.name = os.path.basename(path).removesuffix(".conf") if path else "none"
        self.settings = dict(SETTINGS)
        self.devices = []
        self.raw = []
        if path:
            try:
                with open(path, encoding="utf-8") as conf:
                    text = conf.read()
            except OSError as err:
                raise BootError(f"cannot read the boot description {path}: {err.strerror}") from err
            for number, line in enumerate(text.splitlines(), 1):
                try:
                    self.parse(line)
                except (BootError, ValueError) as err:
                    raise BootError(f"{path}:{number}: {err}") from err
        for key, value in (overrides or {}).items():
            if value is not None:
                self.settings[key] = value
        self.place()

    def parse(self, line):
        line = line.strip()
        if not line or line.startswith("#"):
            return
        match = re.match(r"([a-z_]+)=(.*)$", line)
        if match:
            if match[1] not in SETTINGS:
                raise BootError(f"no setting '{match[1]}'; there are: {' '.join(SETTINGS)}")
            self.settings[match[1]] = match[2].strip().strip("'\"")
            return
        kind, *words = shlex.split(line)
        if kind == "raw":
            self.raw += words
            return
        if kind not in KINDS:
            raise BootError(f"no device kind '{kind}'; there are: {' '.join(KINDS)} raw")
        if not words:
            raise BootError(f"{kind} wants a name")
        name, *pairs = words
        if any(dev.name == name for dev in self.devices):
            raise BootError(f"two devices are called {name}")
        props = {}
        for pair in pairs:
            key, sep, value = pair.partition("=")
            if not sep:
                raise BootError(f"'{pair}' is not PROPERTY=VALUE")
            props[key] = value
        self.devices.append(Device(kind, name, props))

    def place(self):
        """Addresses: slots from 0x10 of the root bus, or a root port there."""
        q35 = self.settings["machine"].startswith("q35")
        slot = FIRST_SLOT
        ide = 0
        for dev in self.devices:
            if dev.kind == "ide":
                # q35: one disk per port; pc: two per channel
                dev.bus = f"ide.{ide if q35 else ide // 2}"
                if not q35:
                    dev.props.setdefault("unit", str(ide % 2))
                dev.address = "0000:00:1f.2" if q35 else "0000:00:01.1"
                ide += 1
                continue
            if q35:
                dev.bus = "port-" + dev.name if dev.hotplug else "pcie.0"
            else:
                dev.bus = "pci.0"
            if "addr" in dev.props:     # SLOT.FUNCTION, for more devices than slots
                dev.address = f"0000:00:{dev.props['addr'].removeprefix('0x')}"
                continue
            if slot > LAST_SLOT:
                raise BootError(f"too many devices, no slot for {dev.name}")
            dev.address = f"0000:00:{slot:02x}.0"
            slot += 1

    def qemu_devices(self, directory, sockets):
        """directory: of backing files; sockets: of vhost-user sockets."""
        args = []
        if any(dev.vu_options is not None for dev in self.devices):
            # such devices want to share the guest's memory
            args += ["-object", f"memory-backend-memfd,id=shared,share=on,size={self.settings['mem']}",
                     "-machine", "memory-backend=shared"]
        for index, dev in enumerate(self.devices):
            args += dev.blockdev(directory) + dev.netdev() + dev.chardev(sockets)
            if dev.hotplug and dev.bus.startswith("port-"):
                slot = dev.address.split(":")[-1].split(".")[0]
                args += ["-device", f"pcie-root-port,id={dev.bus},bus=pcie.0,addr=0x{slot},"
                         f"chassis={index + 1},slot={index + 1}"]
            if dev.plugged:
                args += ["-device", dev.qemu(sockets)]
        return args + self.raw + shlex.split(self.settings["qemu"])

    def map_text(self):
        """Lines NAME KIND ADDRESS WHERE for the guest; WHERE: slot or port."""
        return "".join(f"{dev.name} {dev.kind} {dev.address} "
                       f"{'port' if dev.bus.startswith('port-') else 'slot'}\n" for dev in self.devices)

    def device(self, name):
        for dev in self.devices:
            if dev.name == name:
                return dev
        raise BootError(f"this guest has no device '{name}'; it has: "
                        + " ".join(dev.name for dev in self.devices))
