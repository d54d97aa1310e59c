# SPDX-License-Identifier: GPL-2.0-only
# callgrind dumps -> "shape op instructions-per-operation". The instructions of
# an empty region ("none toggle") are taken off each region.
FNR == 1 { label = "" }
/^desc: Trigger: Client Request: / { label = substr($0, 32) }
/^(totals|summary): / && label != "" {
	split(label, part, " ")
	key = part[1] " " part[2]
	if (!(key in n))
		order[++keys] = key
	sum[key] += $2
	regions[key]++
	n[key] += part[3]
	label = ""
}
END {
	empty = sum["none toggle"] / regions["none toggle"]
	for (i = 1; i <= keys; i++) {
		key = order[i]
		if (key !~ /^none /)
			printf "%s %.1f\n", key, (sum[key] - empty * regions[key]) / n[key]
	}
}
