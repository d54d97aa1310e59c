# SPDX-License-Identifier: GPL-2.0-only
set terminal svg size 1100,420 font "sans,12" background "white"
set output "@what@.svg"
what = "@what@"
drivers = "@drivers@"
colour(w) = w eq "ours" ? 0x1b7837 : w eq "in-tree" ? 0x762a83 : w eq "ide" ? 0xb35806 : w eq "ahci" ? 0xe08214 : 0x2166ac
label(w) = w eq "kicks" ? "kicks per operation" : w eq "irqs" ? "interrupts per operation" : \
	w eq "iops" ? "operations per second" : w eq "p50" ? "median latency, us" : \
	w eq "p99" ? "99th percentile of latency, us" : "host processor time per operation, us"
set title label(what) font ",14"
set format y "%g"
set style data histograms
set style histogram errorbars gap 2 lw 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set xtics rotate by -25 noenhanced font ",13"
set key outside top right horizontal
set grid ytics
if (what eq "p50" || what eq "p99" || what eq "host") set logscale y
if (what eq "kicks" || what eq "irqs") set yrange [0:*]
plot for [i = 1:words(drivers)] what.".dat" skip 1 using (column(3 * i - 1)):(column(3 * i)):(column(3 * i + 1)):xtic(1) \
	title word(drivers, i) lc rgb colour(word(drivers, i))
