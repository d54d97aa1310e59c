# SPDX-License-Identifier: GPL-2.0-only
"""Medians, their intervals, and whether two drivers differ at all."""

from math import comb
from statistics import median

CONFIDENCE = 0.95


def rank(n):
    """The r-th smallest and the r-th largest of n values enclose the median with 95 %, or
    as surely as n values can: then the smallest and the largest do."""
    tail, r = 0.0, 0
    while r < (n + 1) // 2:
        tail += comb(n, r) / 2 ** n
        if 2 * tail > 1 - CONFIDENCE:
            break
        r += 1
    return max(r, 1)


def confidence(n):
    """How surely the interval of n values encloses the median."""
    r = rank(n)
    return 1 - 2 * sum(comb(n, i) for i in range(r)) / 2 ** n if n > 1 else 0.0


def interval(values):
    """median, low, high"""
    ordered = sorted(values)
    r = rank(len(ordered))
    return median(ordered), ordered[r - 1], ordered[-r]


def apart_by_chance(n):
    """Share of cases in which n and n values of the same kind do not overlap at all."""
    return 2 / comb(2 * n, n)


def factor(a, b):
    """How far apart, at least 1."""
    if a == b:
        return 1.0
    if a <= 0 or b <= 0:
        return float("inf")
    return max(a / b, b / a)


def noise_floor(pairs):
    """pairs: two runs of the same driver in the same block (A/A). How far apart such
    runs are: the median of the factors."""
    return median(factor(a, b) for a, b in pairs) if pairs else 1.0


def verdict(ours, theirs, floor, more_is_better, least=0.0):
    """ours, theirs: (median, low, high). better, worse, or same: when they are no further
    apart than floor or than least, or when the intervals overlap."""
    if abs(ours[0] - theirs[0]) <= least or factor(ours[0], theirs[0]) <= floor:
        return "same"
    if ours[1] <= theirs[2] and ours[2] >= theirs[1]:
        return "same"
    return "better" if (ours[0] > theirs[0]) == more_is_better else "worse"
