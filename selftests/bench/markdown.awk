# SPDX-License-Identifier: GPL-2.0-only
# environment.txt, rows.list, summary.tsv -> report.md
BEGIN { FS = "\t"; SUBSEP = "|" }

FILENAME ~ /environment.txt$/ {
	at = index($0, " ")
	key[++keys] = substr($0, 1, at - 1)
	value[keys] = substr($0, at + 1)
	next
}
FILENAME ~ /rows.list$/ {
	if ($0 !~ /^#/) {
		order[++rows] = $1
		split($0, part, "[|] ")
		words[$1] = part[2]
	}
	next
}
FNR == 1 { next }
{
	m[$1, $2, $3] = $5; low[$1, $2, $3] = $6; high[$1, $2, $3] = $7
	floor_of[$1, $3] = $8; ratio[$1, $2, $3] = $9; verdict[$1, $2, $3] = $10; runs[$1] = $4
	if (!($1 SUBSEP $2 in seen)) {
		seen[$1, $2] = 1
		drivers[$1] = drivers[$1] " " $2
	}
}

function number(x) { return x >= 100 ? sprintf("%d", x + 0.5) : x >= 10 ? sprintf("%.1f", x) : sprintf("%.2f", x) }

function cell(row, who, what,    k, mark) {
	k = row SUBSEP who SUBSEP what
	if (!(k in m))
		return "-"
	mark = verdict[k] == "noise" ? " ~" : ""
	return number(m[k]) mark
}

function of_in_tree(w, who) {
	if (who == "in-tree")
		return "1"
	return ratio[w, "iops"] + 0 > 0 ? number(ratio[w, "iops"]) : "-"
}

function range(row, who, what,    k) {
	k = row SUBSEP who SUBSEP what
	return k in m ? number(low[k]) " to " number(high[k]) : "-"
}

END {
	print "# Block benchmark"
	print ""
	print "The same work on our driver, the in-tree driver and emulated disks, in the same guests, in the order A B C, C B A. Medians;"
	print "`~` marks what differs from in-tree by no more than two runs of one driver differ (A/A), or within the intervals. Kicks and"
	print "interrupts of virtio disks are counted by QEMU's trace, those of emulated disks by the guest. Host time is QEMU's processor"
	print "time during the work, per operation. A high number of operations and a low one of all the rest is good."
	print ""
	print "## Result"
	print ""
	print "| work | driver | kicks/op | irqs/op | op/s | of in-tree | p50 us | p99 us | host us/op |"
	print "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
	for (r = 1; r <= rows; r++) {
		n = split(drivers[order[r]], who, " ")
		for (d = 1; d <= n; d++) {
			w = order[r] SUBSEP who[d]
			printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", d == 1 ? words[order[r]] : "", \
				who[d] == "ours" ? "**ours**" : who[d], cell(order[r], who[d], "kicks"), \
				cell(order[r], who[d], "irqs"), cell(order[r], who[d], "iops"), \
				of_in_tree(w, who[d]), cell(order[r], who[d], "p50"), \
				cell(order[r], who[d], "p99"), cell(order[r], who[d], "host")
		}
	}
	print ""
	print "## Pictures"
	print ""
	print "![kicks](kicks.svg)"
	print "![interrupts](irqs.svg)"
	print "![operations](iops.svg)"
	print "![median latency](p50.svg)"
	print "![99th percentile](p99.svg)"
	print "![host time](host.svg)"
	print ""
	print "## Intervals, ours and in-tree"
	print ""
	print "| work | runs | kicks/op | in-tree | op/s | in-tree | A/A factor of op/s | p99 us | in-tree |"
	print "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
	for (r = 1; r <= rows; r++) {
		o = order[r]
		if (drivers[o] == "")
			continue
		printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", words[o], runs[o], range(o, "ours", "kicks"), \
			range(o, "in-tree", "kicks"), range(o, "ours", "iops"), range(o, "in-tree", "iops"), \
			number(floor_of[o, "iops"]), range(o, "ours", "p99"), range(o, "in-tree", "p99")
	}
	print ""
	print "## Environment"
	print ""
	print "| | |"
	print "| --- | --- |"
	for (k = 1; k <= keys; k++)
		printf "| %s | %s |\n", key[k], value[k]
	print ""
	print "`raw.jsonl` has every run with fio's own output, `runs.tsv` one line per run, `summary.tsv` the medians; `make bench-report`"
	print "makes this page of them."
}
