# SPDX-License-Identifier: GPL-2.0-only
"""What a guest may ask of its host. Each verb: (machine, arguments) -> text."""

import hashlib
import json
import os
import threading
import time

from boots import BootError, size_bytes


class Usage(Exception):
    pass


def qmp(machine, args):
    """qmp JSON | qmp COMMAND [KEY=VALUE...]: a monitor command as it is."""
    if args and args[0].lstrip().startswith("{"):
        request = json.loads(" ".join(args))
    elif args:
        request = {"execute": args[0], "arguments": dict(arg.split("=", 1) for arg in args[1:])}
    else:
        raise Usage
    return json.dumps(machine.monitor.raw(request))


def hmp(machine, args):
    """hmp COMMAND...: a line of QEMU's human monitor."""
    return machine.monitor.command("human-monitor-command", **{"command-line": " ".join(args)})


def device_del(machine, args):
    """device_del NAME: unplug, and wait until the device is gone."""
    (name,) = args
    machine.boot.device(name)
    machine.monitor.command("device_del", id=name)
    gone = machine.monitor.wait_event(
        lambda ev: ev["event"] == "DEVICE_DELETED" and ev["data"].get("device") == name, 40)
    if not gone:
        raise RuntimeError(f"{name} is still there after 40 s; does the guest answer unplug requests?")
    return ""


def device_ask(machine, args):
    """device_ask NAME: ask for an unplug without waiting for it."""
    (name,) = args
    machine.monitor.command("device_del", id=name)
    return ""


def device_add(machine, args):
    """device_add NAME: plug a device of the boot description (again)."""
    (name,) = args
    dev = machine.boot.device(name)
    machine.counts.forget_resets()
    machine.trace_resets(True)
    try:
        # the human monitor takes the properties in the words of -device
        words = hmp(machine, ["device_add", dev.qemu()]).strip()
    finally:
        machine.trace_resets(False)
    if words:
        raise RuntimeError(words)
    if dev.is_virtio:
        machine.counts.map_devices([dev])
    return ""


def block_resize(machine, args):
    """block_resize NAME SIZE."""
    name, size = args
    machine.monitor.command("block_resize", **{"node-name": machine.boot.device(name).node(),
                                               "size": size_bytes(size)})
    return ""


def counts(machine, args):
    """counts [NAME]: lines NAME kicks N interrupts N config N, since the start."""
    machine.counts.read()
    if args:
        machine.boot.device(args[0])
    return "\n".join(f"{name} kicks {total[0]} interrupts {total[1]} config {total[2]}"
                     for name, total in machine.counts.totals.items() if not args or name == args[0])


def cpu(machine, args):
    """cpu [devices]: processor time of QEMU in ms; of all but the guest's processors."""
    if args == ["devices"]:
        return str(machine.cpu_ms() - machine.vcpu_ms())
    if args:
        raise ValueError("cpu, or cpu devices")
    return str(machine.cpu_ms())


def rss_of_ram(machine):
    """KiB of the host's memory behind the guest's own: QEMU's code cache grows all the time."""
    size, kib = size_bytes(machine.boot.settings["mem"]), 0
    with open(f"/proc/{machine.process.pid}/smaps", encoding="ascii") as maps:
        here = False
        for line in maps:
            word = line.split()[0]
            if not word.endswith(":"):
                low, high = (int(part, 16) for part in word.split("-"))
                here = high - low == size
            elif here and word == "Rss:":
                kib = max(kib, int(line.split()[1]))
    if not kib:
        raise RuntimeError("no mapping is as large as the guest's memory")
    return str(kib)


def rss(machine, args):
    """rss [ram]: KiB of the host's memory the QEMU process has; ram: for the guest's memory."""
    if args == ["ram"]:
        return rss_of_ram(machine)
    if args:
        raise Usage
    with open(f"/proc/{machine.process.pid}/status", encoding="ascii") as status:
        return next(line.split()[1] for line in status if line.startswith("VmRSS:"))


def balloon(machine, args):
    """balloon MIB: memory for the guest; once it has followed, "ms N cpu N devices N": the time, and
    processor time of QEMU, all of it and without the guest's processors; 120 s at most."""
    want = int(args[0]) << 20
    begin, all_ms, vcpu_ms = time.monotonic(), machine.cpu_ms(), machine.vcpu_ms()
    machine.monitor.command("balloon", value=want)
    while machine.monitor.command("query-balloon")["actual"] != want:
        if time.monotonic() - begin > 120:
            raise RuntimeError("the guest does not follow")
        time.sleep(0.01)
    all_ms = machine.cpu_ms() - all_ms
    return (f"ms {round((time.monotonic() - begin) * 1000)} cpu {all_ms} "
            f"devices {all_ms - machine.vcpu_ms() + vcpu_ms}")


def host_time(_machine, _args):
    """time: the host's clock, ns since 1970."""
    return str(time.time_ns())


def host_sleep(_machine, args):
    """sleep SECONDS, on the host's clock; 30 at most."""
    time.sleep(min(float(args[0]), 30))
    return ""


def backing(machine, args):
    """The open file and the range that NAME [OFFSET LENGTH] means."""
    dev = machine.boot.device(args[0])
    if not dev.file:
        raise RuntimeError(f"{dev.name} has no file behind it")
    offset, length = (int(arg) for arg in args[1:3]) if len(args) > 1 else (0, -1)
    with open(dev.file, "rb") as image:
        image.seek(offset)
        return image.read(length)


def checksum(machine, args):
    """checksum NAME [OFFSET LENGTH]: sha256 of a range of the backing file."""
    return hashlib.sha256(backing(machine, args)).hexdigest()


def file_read(machine, args):
    """file-read NAME OFFSET LENGTH: hexadecimal; 4096 bytes at most."""
    return backing(machine, [args[0], args[1], str(min(int(args[2]), 4096))]).hex()


def file_blocks(machine, args):
    """file-blocks NAME: 512-byte blocks the backing file takes on the host."""
    dev = machine.boot.device(args[0])
    return str(os.stat(dev.file).st_blocks)


def wakeup(machine, _args):
    """wakeup: end a suspend to RAM."""
    machine.monitor.command("system_wakeup")
    return ""


def wakeup_later(machine, args):
    """wakeup-later SECONDS: wake the guest once it sleeps, that much later."""
    from machine import GuestDied   # which imports this file
    delay = float(args[0])

    def wake():
        try:
            if machine.monitor_status_wait("suspended", 60):
                time.sleep(delay)
                machine.monitor.command("system_wakeup")
        except (OSError, RuntimeError, GuestDied) as err:
            print(f"# wakeup-later: the guest ended first: {err}", flush=True)
    threading.Thread(target=wake, daemon=True).start()
    return ""


def nmi(machine, _args):
    """nmi: to all processors."""
    machine.monitor.command("inject-nmi")
    return ""


def kill(machine, _args):
    """kill: SIGKILL to QEMU, as a power cut."""
    machine.ended_by_request = True
    machine.process.kill()
    return ""


def poweroff(machine, _args):
    """poweroff: QEMU ends at once, closing its files."""
    machine.ended_by_request = True
    machine.monitor.command("quit")
    return ""


def netns(machine, args):
    """netns CMD...: in the network namespace on the host's side; 50 s at most; "peer ...": see peer.py."""
    status, text = machine.network.run(list(args), 50)
    if status:
        raise RuntimeError(f"status {status}: {text.strip()}")
    return text


def netns_begin(machine, args):
    """netns-begin NAME CMD...: the same in the background."""
    machine.network.begin(args[0], list(args[1:]))
    return ""


def netns_end(machine, args):
    """netns-end NAME: ends it; what it has printed."""
    return machine.network.end(args[0])


def link(machine, args):
    """link NAME up|down: the cable of a network device."""
    name, state = args
    machine.boot.device(name)
    if state not in ("up", "down"):
        raise Usage
    machine.monitor.command("set_link", name=name, up=state == "up")
    return ""


def ping(_machine, args):
    """ping WORDS...: the same words back."""
    return " ".join(args)


def vu(machine, args):
    """vu NAME COMMAND...: a command for a vhost-user device; "vu NAME help" lists them;
    restart and log are the lab's."""
    name, *words = args
    machine.boot.device(name)
    if name not in machine.vhost_user.processes:
        raise RuntimeError(f"{name} is no vhost-user device of the lab")
    if words == ["restart"]:
        machine.vhost_user.restart(name)
        return ""
    if words == ["log"]:
        return machine.vhost_user.said(name)
    return machine.vhost_user.command(name, words)


def meter(machine, args):
    """meter begin NAME...; meter work SECONDS NAME...; meter end; meter flow SECONDS PACKETS NAME...; meter balloon NAME MIB SECONDS;
    meter freed NAME MIB SECONDS: what work costs, as a line of JSON."""
    what, *rest = args
    if what == "begin":
        machine.meter.begin(rest)
        return ""
    if what == "work":
        machine.meter.work(float(rest[0]), rest[1:])
        return ""
    if what == "end" and not rest:
        return machine.meter.end()
    if what == "flow":
        return machine.meter.flow(float(rest[0]), int(rest[1]), rest[2:])
    if what == "balloon":
        return machine.meter.balloon(rest[0], int(rest[1]), float(rest[2]))
    if what == "freed":
        return machine.meter.freed(rest[0], int(rest[1]), float(rest[2]), lambda: int(rss_of_ram(machine)))
    raise Usage


VERBS = {"qmp": qmp, "hmp": hmp, "device_del": device_del, "device_ask": device_ask, "device_add": device_add,
         "block_resize": block_resize, "counts": counts, "cpu": cpu, "rss": rss, "balloon": balloon,
         "time": host_time, "sleep": host_sleep,
         "checksum": checksum, "file-read": file_read, "file-blocks": file_blocks, "wakeup": wakeup,
         "wakeup-later": wakeup_later, "vu": vu, "nmi": nmi, "kill": kill, "poweroff": poweroff, "ping": ping,
         "netns": netns, "netns-begin": netns_begin, "netns-end": netns_end, "link": link, "meter": meter}


def answer(machine, words):
    """Status and text for one request."""
    if not words or words[0] not in VERBS:
        return 64, "host: no verb '%s'; there are: %s" % (words[0] if words else "", " ".join(VERBS))
    verb = VERBS[words[0]]
    try:
        return 0, verb(machine, words[1:])
    except (Usage, IndexError, TypeError, ValueError):
        return 64, f"host: usage: {verb.__doc__}"
    except (RuntimeError, BootError) as err:
        return 1, f"host: {words[0]}: {err}"
