# SPDX-License-Identifier: GPL-2.0-only
"""gnuplot scripts with their data: one picture of everything, one for each section."""

import math
import re
import shutil
import subprocess

from runs import QUANTITIES

COLOURS = {"ours": "#1b7837", "in-tree": "#762a83", "ide": "#b35806", "ahci": "#e08214", "nvme": "#2166ac",
           "e1000": "#b35806", "e1000e": "#e08214"}
SHOWN = ("rate", "host", "kicks", "irqs", "p50", "p99")        # of a section
OVERVIEW = ("rate", "host", "kicks", "irqs", "p50", "p99")
HEADS = {"rate": "rate", "host": "host time", "kicks": "kicks", "irqs": "interrupts", "p50": "median\\nlatency",
         "p99": "99 %\\nlatency"}
GOOD, BAD, SAME = (27, 120, 55), (178, 24, 43), (242, 242, 242)


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def quoted(text):
    return text.replace('"', "'")


def shade(ratio, verdict):
    """From white to full colour at a factor of 4."""
    if verdict == "same":
        return SAME
    far = 1.0 if not ratio else min(abs(math.log2(ratio)) / 2, 1.0)
    full = GOOD if verdict == "better" else BAD
    share = 0.25 + 0.75 * far
    return tuple(round(255 - share * (255 - part)) for part in full)


def times(ratio):
    if ratio is None:
        return "new"
    return f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.0f}"


def overview(summary, rows, folder):
    """A table of colours: ours to in-tree, each row and quantity."""
    shown, heads, section, y = [], [], None, 0.0
    for row in rows:
        cells = [summary.get(row.name, "ours", name) for name in OVERVIEW]
        if not any(cell and cell.verdict for cell in cells):
            continue
        if row.section != section:
            y, section = y + 1.3, row.section
            heads.append((y - 0.05, section))
        y += 1
        shown.append((y, row, cells))
    if not shown:
        return None
    with open(f"{folder}/overview.dat", "w", encoding="utf-8") as data:
        print("# column row colour text-colour ratio", file=data)
        for y, row, cells in shown:
            for x, cell in enumerate(cells):
                if cell and cell.verdict:
                    colour = shade(cell.ratio, cell.verdict)
                    dark = sum(colour) < 380
                    print(x, y, (colour[0] << 16) + (colour[1] << 8) + colour[2], 0xffffff if dark else 0x222222,
                          f'"{times(cell.ratio)}"', file=data)
    tics = ", ".join(f'"{quoted(row.words)}" {y}' for y, row, _ in shown)
    labels = "\n".join(f'set label "{quoted(words)}" at -0.62,{y} right font ",12" textcolor rgb "#000000"'
                       for y, words in heads)
    tops = "\n".join(f'set label "{HEADS[name]}" at {x},0.5 center font ",11"' for x, name in enumerate(OVERVIEW))
    height = int(80 + 21 * (y + 1))
    with open(f"{folder}/overview.gp", "w", encoding="utf-8") as script:
        script.write(f"""# SPDX-License-Identifier: GPL-2.0-only
set terminal @terminal@ size 860,{height} font "sans,11" background "white" noenhanced
set output "overview.@suffix@"
set label "Ours to in-tree: green is better, red is worse, grey is no difference" at screen 0.5, screen {1 - 16 / height:.4f} center font ",13"
set tmargin 3
set bmargin 0.5
set xrange [-0.6:{len(OVERVIEW) - 0.4}]
set yrange [{y + 0.8}:-0.6]
unset border
unset key
set tics scale 0
unset xtics
set ytics ({tics})
set lmargin 44
set style fill solid 1.0 noborder
{labels}
{tops}
plot "overview.dat" using 1:2:(0.47):(0.46):3 with boxxyerror lc rgb variable, \\
	"" using 1:2:5:4 with labels textcolor rgb variable
""")
    return "overview"


def panel(summary, rows, quantity, drivers, folder, name):
    """The data of one panel; the gnuplot lines that draw it."""
    norm = quantity == "rate"
    drivers = [driver for driver in drivers if summary.has_of(rows, driver, quantity)]
    lines, top, bottom = [], 0.0, float("inf")
    for row in rows:
        base = summary.get(row.name, "in-tree", quantity)
        scale = 1.0
        if norm:
            scale = base.median if base and base.median else 0.0
        words = [f'"{quoted(row.words)}"']
        for driver in drivers:
            cell = summary.get(row.name, driver, quantity)
            if cell is None or not scale:
                words.append("NaN NaN NaN")
                continue
            values = [value / scale for value in (cell.median, cell.low, cell.high)]
            words.append(" ".join(f"{value:.5g}" for value in values))
            top, bottom = max(top, values[0]), min(bottom, values[0])
        lines.append(" ".join(words))
    if top <= 0:
        return None
    with open(f"{folder}/{name}-{quantity}.dat", "w", encoding="utf-8") as data:
        print("# row", *(f"{driver} low high" for driver in drivers), file=data)
        print(*lines, sep="\n", file=data)
    log = quantity in ("host", "p50", "p99") and bottom > 0 and top / bottom > 15
    titles = {"rate": "rate (in-tree is 1)", "kicks": f"kicks per {rows[0].per}", "irqs": f"interrupts per {rows[0].per}",
              "host": f"host processor time, us per {unit_of(rows)}", "p50": "median latency, us",
              "p99": "99th percentile of latency, us"}
    text = [f'set title "{titles[quantity]}"', "set logscale y" if log else "unset logscale y",
            f"set xrange [-0.7:{len(rows) - 0.3}]", f"set yrange [{bottom / 2:.4g}:*]" if log else "set yrange [0:*]"]
    plots = ", \\\n\t".join(
        f'"{name}-{quantity}.dat" using {3 * i + 2}:{3 * i + 3}:{3 * i + 4}:xtic(1) title "{driver}" '
        f'lc rgb "{COLOURS[driver]}"' for i, driver in enumerate(drivers))
    return "\n".join(text) + f"\nplot {plots}\n"


def unit_of(rows):
    return " or ".join(dict.fromkeys(row.unit for row in rows))


def section(summary, title, rows, folder):
    rows = [row for row in rows if summary.drivers(row.name)]
    if not rows:
        return None
    name = slug(title)
    drivers = [driver for driver in COLOURS if any(driver in summary.drivers(row.name) for row in rows)]
    panels = [text for text in (panel(summary, rows, quantity, drivers, folder, name) for quantity in SHOWN
                                if summary.has(rows, quantity)) if text]
    if not panels:
        return None
    columns = 2 if len(panels) > 1 else 1
    down = -(-len(panels) // columns)
    with open(f"{folder}/{name}.gp", "w", encoding="utf-8") as script:
        script.write(f"""# SPDX-License-Identifier: GPL-2.0-only
set terminal @terminal@ size {600 * columns},{290 * down} font "sans,11" background "white" noenhanced
set output "{name}.@suffix@"
set style data histograms
set style histogram errorbars gap 1 lw 1
set style fill solid 0.9 noborder
set xtics rotate by -20 scale 0 font ",10"
set grid ytics lc rgb "#cccccc"
set border 3
set ytics nomirror
set key outside center bottom horizontal samplen 1 font ",11"
set errorbars front lw 1 lc rgb "#333333"
set format y "%g"
set multiplot layout {down},{columns}
""" + "unset key\n".join(panels) + "unset multiplot\n")
    return name


def draw(folder, name, terminal="svg", suffix="svg"):
    """Runs gnuplot; the script that is left draws the picture again."""
    path = f"{folder}/{name}.gp"
    with open(path, encoding="utf-8") as text:
        script = text.read().replace("@terminal@", terminal).replace("@suffix@", suffix)
    with open(path, "w", encoding="utf-8") as out:
        out.write(script)
    if not shutil.which("gnuplot"):     # as in the tests on a machine without it
        return
    done = subprocess.run(["gnuplot", f"{name}.gp"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"gnuplot {name}.gp: {done.stdout.decode(errors='replace')}")


def make(summary, rows, folder):
    """All of them; names, the overview under None."""
    names = {None: overview(summary, rows, folder)}
    for title in dict.fromkeys(row.section for row in rows):
        names[title] = section(summary, title, [row for row in rows if row.section == title], folder)
    for name in filter(None, names.values()):
        draw(folder, name)
    return names


assert set(SHOWN) <= {quantity.name for quantity in QUANTITIES}
