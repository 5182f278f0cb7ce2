"""The practical limit: every question as one compiled pass over sorted codes. A peer to measure by, no part of us."""

from __future__ import annotations

import numpy as np

try:
    from numba import njit
except ImportError:  # the peer is left out
    njit = None

if njit is not None:

    @njit
    def flow(offsets, activity, breadth):
        follows = np.zeros((breadth, breadth), np.int64)
        starts, ends = np.zeros(breadth, np.int64), np.zeros(breadth, np.int64)
        for journey in range(len(offsets) - 1):
            first, stop = offsets[journey], offsets[journey + 1]
            before = activity[first]
            starts[before] += 1
            for at in range(first + 1, stop):
                now = activity[at]
                follows[before, now] += 1
                before = now
            ends[before] += 1
        return follows, starts, ends

    @njit
    def _dealt(offsets, activity, time, breadth, place, wait):  # noqa: PLR0917
        for journey in range(len(offsets) - 1):
            for at in range(offsets[journey], offsets[journey + 1] - 1):
                step = np.int64(activity[at]) * breadth + activity[at + 1]
                wait[place[step]] = time[at + 1] - time[at]
                place[step] += 1

    def waits(offsets, activity, time, breadth):
        """Deal the waits out to their steps, then find mean, median and ninth decile of each by selection."""
        count = flow(offsets, activity, breadth)[0].ravel()
        stop = np.cumsum(count)
        start = stop - count
        wait = np.empty(int(stop[-1]), np.int64)
        _dealt(offsets, activity, time, breadth, start.copy(), wait)
        found = []
        for step in np.flatnonzero(count):
            own = wait[start[step] : stop[step]]
            last = len(own) - 1
            ranks = sorted({int(last * share) + more for share in (0.5, 0.9) for more in (0, 1)} & set(range(last + 1)))
            own.partition(ranks)
            found.append((own.mean(), *(_between(own, last * share) for share in (0.5, 0.9))))
        return np.array(found)

    def _between(own, rank):
        below = int(rank)
        above = min(below + 1, len(own) - 1)
        return own[below] + (own[above] - own[below]) * (rank - below)

    @njit
    def variants(offsets, activity):
        n = len(offsets) - 1
        slots = 1
        while slots < 2 * n:
            slots *= 2
        held, like = np.full(slots, -1, np.int64), np.empty(n, np.int64)
        first, count, n_found = np.empty(n, np.int64), np.zeros(n, np.int64), 0
        for journey in range(n):
            start, length = offsets[journey], offsets[journey + 1] - offsets[journey]
            mixed = np.uint64(14695981039346656037)
            for at in range(start, start + length):
                mixed = (mixed ^ np.uint64(activity[at] + 1)) * np.uint64(1099511628211)
                mixed ^= mixed >> np.uint64(29)
            slot = np.int64(mixed & np.uint64(slots - 1))
            while True:
                found = held[slot]
                if found < 0:
                    held[slot], first[n_found], found = n_found, journey, n_found
                    n_found += 1
                    break
                other = offsets[first[found]]
                same = offsets[first[found] + 1] - other == length
                at = 0
                while same and at < length:
                    same = activity[other + at] == activity[start + at]
                    at += 1
                if same:
                    break
                slot = (slot + 1) & (slots - 1)
            count[found] += 1
            like[journey] = found
        return first[:n_found], count[:n_found], like
