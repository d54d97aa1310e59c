# SPDX-License-Identifier: GPL-2.0-only
"""report.html out of report.md: what page.py uses of Markdown, with pictures inside."""

from html import escape
import os
import re

STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:1240px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;font-size:14px;margin:.6em 0 1.4em}
td,th{padding:.22em .7em;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
td:first-child,td:nth-child(2),th:first-child,th:nth-child(2){text-align:left}
td:first-child{white-space:normal}
tr:has(b){background:#f4faf4}.better{background:#b7e1c0}.worse{background:#f3b9b4}.same{color:#777}
figure{margin:1em 0}svg{max-width:100%;height:auto}h2{margin-top:1.8em}"""


def inline(text):
    text = escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def cell(tag, text):
    kind = {"▲": "better", "▼": "worse", "~": "same"}.get(text[-1:]) if tag == "td" else None
    return f"<{tag}" + (f' class="{kind}"' if kind else "") + f">{inline(text)}</{tag}>"


def picture(folder, name, words):
    """The picture itself; its ids made its own, since all share one page."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return f"<p>({inline(words)}: no picture)</p>"
    with open(path, encoding="utf-8") as text:
        svg = text.read()
    svg = svg[svg.index("<svg"):]
    prefix = os.path.basename(name).removesuffix(".svg") + "-"
    svg = re.sub(r"\bid=(['\"])", rf"id=\1{prefix}", svg)
    svg = re.sub(r"(xlink:href=['\"]|url\()#", rf"\g<1>#{prefix}", svg)
    return f"<figure>{svg}</figure>"


def block(text, folder):
    """One paragraph, table, heading or picture."""
    lines = text.split("\n")
    heading = re.match(r"(#+) (.*)", text)
    image = re.match(r"!\[(.*)\]\((.*)\)", text)
    if heading:
        size = len(heading[1])
        return f"<h{size}>{inline(heading[2])}</h{size}>"
    if image:
        return picture(folder, image[2], image[1])
    if text.startswith("|"):
        rows = [[word.strip() for word in line.strip("|").split(" | ")] for line in lines]
        body = [rows[0]] + rows[2:]
        return "<table>" + "\n".join(
            "<tr>" + "".join(cell("th" if i == 0 else "td", word) for word in row) + "</tr>"
            for i, row in enumerate(body)) + "</table>"
    return f"<p>{'<br>'.join(inline(line) for line in lines)}</p>"


def render(markdown, folder):
    blocks = [block(text, folder) for text in re.split(r"\n{2,}", markdown.strip())]
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Benchmark</title>\n<style>{STYLE}</style>'
            "</head><body>\n" + "\n".join(blocks) + "\n</body></html>\n")
