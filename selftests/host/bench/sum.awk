# SPDX-License-Identifier: GPL-2.0-only
# callgrind dumps -> "shape op instructions-per-operation", averaged
FNR == 1 { label = "" }
/^desc: Trigger: Client Request: / { label = substr($0, 32) }
/^(totals|summary): / && label != "" {
	split(label, part, " ")
	key = part[1] " " part[2]
	if (!(key in n))
		order[++keys] = key
	sum[key] += $2
	n[key] += part[3]
	label = ""
}
END {
	for (i = 1; i <= keys; i++)
		printf "%s %.1f\n", order[i], sum[order[i]] / n[order[i]]
}
