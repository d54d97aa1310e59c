# SPDX-License-Identifier: GPL-2.0-only
# rows.list, runs.tsv -> one line per row, driver and quantity:
#	row driver quantity n median low high floor ratio verdict
# low and high: the interval that the median lies in with 95 %, by order
# statistics (up to five runs: the smallest and the largest). floor: how far
# apart two runs of the same driver in one block were (A/A), as a factor, median
# over both drivers and all blocks. ratio: to in-tree. verdict: noise when the
# ratio is no further from 1 than floor, or the intervals overlap.
BEGIN { FS = OFS = "\t"; SUBSEP = "|" }

function sort_values(n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
}

function median(n) { return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }

# largest k with P(Binomial(n, 1/2) < k) <= 2.5 %, at least 1
function rank(n,    k, p, c, i) {
	p = c = 1
	for (i = 0; i < n; i++)
		p /= 2
	c = p
	for (k = 1; k < n / 2; k++) {
		if (c > 0.025)
			break
		p = p * (n - k + 1) / k
		c += p
	}
	return k > 1 ? k - 1 : 1
}

function add(row, driver, what, block, half, disk, value,    key) {
	key = row SUBSEP driver SUBSEP what
	values[key] = values[key] " " value
	pair[key, disk, block, half] = value
	if (half == 1 && (key SUBSEP disk SUBSEP block SUBSEP 0) in pair)
		spread[row, what] = spread[row, what] " " factor(value, pair[key, disk, block, 0])
}

function factor(a, b) {
	if (a <= 0 || b <= 0)
		return 1
	return a > b ? a / b : b / a
}

function load(text,    n) {
	n = split(text, v, " ")
	for (i = 1; i <= n; i++)
		v[i] += 0
	sort_values(n)
	return n
}

FILENAME ~ /rows.list$/ {
	if ($0 !~ /^#/)
		order[++rows] = $1
	next
}
FNR == 1 { next }
{
	if (!($1 SUBSEP $2 in seen)) {
		seen[$1, $2] = 1
		drivers[$1] = drivers[$1] " " $2
	}
	if ($9 != "-")
		add($1, $2, "kicks", $4, $5, $3, $9 / $6)
	add($1, $2, "irqs", $4, $5, $3, $10 / $6)
	add($1, $2, "iops", $4, $5, $3, $7)
	add($1, $2, "mib", $4, $5, $3, $8)
	add($1, $2, "host", $4, $5, $3, $11 * 1000 / $6)
	add($1, $2, "mean", $4, $5, $3, $12)
	add($1, $2, "p50", $4, $5, $3, $13)
	add($1, $2, "p99", $4, $5, $3, $14)
}

END {
	quantities = split("kicks irqs iops mib host mean p50 p99", quantity, " ")
	print "row", "driver", "quantity", "n", "median", "low", "high", "floor", "ratio", "verdict"
	for (r = 1; r <= rows; r++) {
		row = order[r]
		count = split(drivers[row], who, " ")
		for (q = 1; q <= quantities; q++) {
			what = quantity[q]
			n = load(spread[row, what])
			floor_of = n ? median(n) : 1
			n = load(values[row SUBSEP "in-tree" SUBSEP what])
			base = n ? median(n) : 0
			base_low = n ? v[rank(n)] : 0
			base_high = n ? v[n + 1 - rank(n)] : 0
			for (d = 1; d <= count; d++) {
				n = load(values[row SUBSEP who[d] SUBSEP what])
				if (!n)
					continue
				m = median(n)
				low = v[rank(n)]
				high = v[n + 1 - rank(n)]
				ratio = base > 0 ? m / base : 0
				verdict = "-"
				if (who[d] != "in-tree" && base > 0)
					verdict = factor(m, base) <= floor_of || (low <= base_high && high >= base_low) ? \
						"noise" : ratio > 1 ? "more" : "less"
				printf "%s\t%s\t%s\t%d\t%.4f\t%.4f\t%.4f\t%.3f\t%.3f\t%s\n", row, who[d], what, n, m, low, high, \
					floor_of, ratio, verdict
			}
		}
	}
}
