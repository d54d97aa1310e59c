# SPDX-License-Identifier: GPL-2.0-only
# report.md -> report.html, pictures included; knows what markdown.awk writes.
function inline(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	while (match(text, /\*\*[^*]+\*\*/))
		text = substr(text, 1, RSTART - 1) "<b>" substr(text, RSTART + 2, RLENGTH - 4) "</b>" substr(text, RSTART + RLENGTH)
	while (match(text, /`[^`]+`/))
		text = substr(text, 1, RSTART - 1) "<code>" substr(text, RSTART + 1, RLENGTH - 2) "</code>" substr(text, RSTART + RLENGTH)
	return text
}

function leave() {
	if (table)
		print "</table>"
	if (para)
		print "</p>"
	table = para = 0
}

function picture(file,    line, path, inside) {
	path = FILENAME
	sub(/[^\/]*$/, file, path)
	print "<figure>"
	while ((getline line <path) > 0) {
		inside = inside || line ~ /<svg/
		if (inside)
			print line
	}
	close(path)
	print "</figure>"
}

BEGIN {
	print "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>virtio-pv benchmark</title><style>"
	print "body{font:15px/1.45 sans-serif;max-width:1150px;margin:2em auto;padding:0 1em;color:#222}"
	print "table{border-collapse:collapse;font-size:14px}td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right}"
	print "td:first-child,td:nth-child(2),th:first-child,th:nth-child(2){text-align:left}tr:has(b){background:#eef7ee}"
	print "figure{margin:1em 0}svg{max-width:100%;height:auto}</style>"
}
/^# / { leave(); print "<h1>" inline(substr($0, 3)) "</h1>"; next }
/^## / { leave(); print "<h2>" inline(substr($0, 4)) "</h2>"; next }
/^!\[/ { leave(); split($0, part, /[()]/); picture(part[2]); next }
/^\| --- / { next }
/^\|/ {
	if (!table) {
		leave()
		print "<table>"
		table = 1
		tag = "th"
	} else {
		tag = "td"
	}
	n = split($0, column, "|")
	printf "<tr>"
	for (i = 2; i < n; i++) {
		text = column[i]
		gsub(/^ +| +$/, "", text)
		printf "<%s>%s</%s>", tag, inline(text), tag
	}
	print "</tr>"
	next
}
/^$/ { leave(); next }
{
	if (!para) {
		leave()
		print "<p>"
		para = 1
	}
	print inline($0)
}
END { leave(); print "</html>" }
