# SPDX-License-Identifier: GPL-2.0-only
"""raw.jsonl made into quantities: one Run for each measurement."""

import gzip
import json
import os
import re
from dataclasses import dataclass

MIB = 1 << 20
TCP_HEADERS = 14 + 20 + 32      # Ethernet, IPv4, TCP with time stamps


@dataclass
class Quantity:
    name: str
    words: str
    more_is_better: bool
    least: float        # a smaller difference is none


# In the order of tables. Kicks and interrupts are exact, but a stray one counts for nothing.
QUANTITIES = (
    Quantity("rate", "rate", True, 0.0),
    Quantity("kicks", "kicks", False, 0.02),
    Quantity("irqs", "interrupts", False, 0.02),
    Quantity("host", "host time", False, 0.0),
    Quantity("p50", "median latency", False, 0.0),
    Quantity("p99", "99th percentile", False, 0.0),
    Quantity("p999", "99.9th percentile", False, 0.0),
    Quantity("lost", "lost", False, 0.5),
    Quantity("exits", "exits", False, 0.02),
)


@dataclass
class Run:
    row: str
    driver: str
    swap: int
    round: int
    block: int
    half: int
    values: dict


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def of_fio(out):
    jobs = out["jobs"]
    ops = sum(job["read"]["total_ios"] + job["write"]["total_ios"] for job in jobs)
    job = jobs[0]
    side = job["read"] if job["read"]["total_ios"] >= job["write"]["total_ios"] else job["write"]
    latency = side["lat_ns"]
    values = {"rate": side["iops"]}
    for name, key in (("p50", "50.000000"), ("p99", "99.000000"), ("p999", "99.900000")):
        if key in latency.get("percentile", {}):
            values[name] = latency["percentile"][key] / 1000
    return ops, values


def of_iperf3(out, meter, seconds):
    """Its own rate has its beginning in it; so where the tap sees all that arrives, that counts."""
    end, side = out["end"], "out" if meter["out_bytes"] > meter["in_bytes"] else "in"
    packets, size = meter[side + "_packets"], meter[side + "_bytes"]
    if "udp" not in end["streams"][0]:
        return {"rate": (size - TCP_HEADERS * packets) / MIB / seconds}
    total = end["sum"]
    rate = packets / seconds if side == "out" else (total["packets"] - total["lost_packets"]) / total["seconds"]
    return {"rate": rate, "lost": total["lost_percent"]}


def of_fping(text):
    """-C: the address, a colon, a time in ms or a dash for each."""
    words = text.strip().splitlines()[-1].split(" : ")[1].split()
    times = [float(word) * 1000 for word in words if word != "-"]
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "lost": 100 * (1 - len(times) / len(words))}


def of_ab(text):
    return {"rate": float(re.search(r"Requests per second: +([0-9.]+)", text)[1])}


def of_ptp(text):
    said = dict(line.split() for line in text.splitlines())
    return {"rate": 1e9 / int(said["each"]), "p50": int(said["median"]) / 1000}


def events(meter, ops):
    return {name: meter[name] / ops for name in ("kicks", "irqs", "exits") if name in meter}


def values_of(entry):
    """The quantities of one entry; ValueError when nothing was done in it."""
    meter, tool, out = entry["meter"], entry["tool"], entry["out"]
    cpu_us, seconds = meter["cpu_ns"] / 1000, meter["ns"] / 1e9
    if tool == "fio":
        ops, values = of_fio(out)
        values.update(events(meter, ops))
        if "work_ns" in meter:
            values["host"] = meter["work_cpu_ns"] / 1000 / (meter["work_ns"] / 1e9) / values["rate"]
        if "guest_irqs" in entry:
            values["irqs"] = entry["guest_irqs"] / ops
        return values
    if tool in ("balloon", "report"):
        values = {"host": cpu_us / entry["mib"]}
        if tool == "balloon":
            values["rate"] = entry["mib"] / seconds
        values.update(events(meter, entry["mib"] / 1024))
        return values
    if tool == "ptp":
        values = of_ptp(out)
        values.update(events(meter, entry["readings"]), host=cpu_us / entry["readings"])
        return values
    # On the network the meter sees a piece of the work: kicks and interrupts are compared with
    # the packets of the tap in that piece, processor time with the rate.
    if tool == "iperf3":
        values = of_iperf3(out, meter, seconds)
    else:
        values = {"fping": of_fping, "ab": of_ab}[tool](out)
    packets = meter["out_packets"] + meter["in_packets"]
    rate = values.get("rate", meter["out_packets"] / seconds)   # pings are at a fixed one
    values.update(events(meter, packets), host=cpu_us / seconds / rate, packets=packets / seconds / rate)
    if "guest_irqs" in entry:
        values["irqs"] = entry["guest_irqs"] / entry["guest_packets"]
    return values


def lines(folder):
    path = os.path.join(folder, "raw.jsonl")
    opener = gzip.open if not os.path.exists(path) else open
    with opener(path if opener is open else path + ".gz", "rt", encoding="utf-8") as text:
        for line in text:
            if line.endswith("\n"):     # the last may be half a line
                yield json.loads(line)


def load(folder):
    """Runs; (row, driver, why) of what failed; names of rows left out."""
    runs, failed, skipped = [], [], []
    for entry in lines(folder):
        if "failed" in entry:
            failed.append((entry["failed"], entry["driver"], entry["why"]))
        elif "skipped" in entry:
            skipped.append(entry["skipped"])
        else:
            try:
                values = values_of(entry)
            except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as err:
                failed.append((entry["row"], entry["driver"], f"what {entry['tool']} printed makes no sense: {err!r}"))
                continue
            runs.append(Run(entry["row"], entry["driver"], entry["swap"], entry["round"], entry["block"],
                            entry["half"], values))
    return runs, failed, skipped
