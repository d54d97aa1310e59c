# SPDX-License-Identifier: GPL-2.0-only
# summary.tsv -> a table for gnuplot of one quantity: row, then value and
# interval of each driver.
BEGIN { FS = "\t"; n = split("ours in-tree ide ahci nvme", who, " ") }
FNR == 1 { next }
$3 == what {
	if (!($1 in seen)) {
		seen[$1] = 1
		order[++rows] = $1
	}
	m[$1, $2] = $5 " " $6 " " $7
	present[$2] = 1
}
END {
	for (d = 1; d <= n; d++)
		if (who[d] in present)
			who[++present_count] = who[d]
	n = present_count
	printf "row"
	for (d = 1; d <= n; d++)
		printf " %s low high", who[d]
	print ""
	for (r = 1; r <= rows; r++) {
		printf "%s", order[r]
		for (d = 1; d <= n; d++)
			printf " %s", (order[r], who[d]) in m ? m[order[r], who[d]] : "NaN NaN NaN"
		print ""
	}
}
