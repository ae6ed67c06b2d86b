"""The timing loop: the same rules as src/measure/benchmark.h, where they are explained."""

import gc
import statistics
import time

from .fields import Fields

MAX_RUNS = 1_000_000
MAX_SECONDS = 7 * 24 * 3600
WINDOW_RUNS = 5
PROGRESS_EVERY_S = 1.0


class Plan:
    def __init__(self, params):
        fields = Fields(params, "bench")
        warm_up = Fields(fields.object("warm_up"), "warm_up")
        self.warm_up_runs = warm_up.integer("min_runs", 0, MAX_RUNS)
        self.warm_up_seconds = warm_up.number("min_seconds", 0, MAX_SECONDS)
        self.warm_up_max_seconds = warm_up.number("max_seconds", 0, MAX_SECONDS)
        self.tolerance = warm_up.number("tolerance", 0, 1)
        warm_up.finish()
        self.min_runs = fields.integer("min_runs", 1, MAX_RUNS)
        self.min_seconds = fields.number("min_seconds", 0, MAX_SECONDS)
        self.max_runs = fields.integer("max_runs", self.min_runs, MAX_RUNS)
        fields.finish()


class Settling:
    """Cuts warm-up latencies into windows and says when the medians of two neighbours agree."""

    def __init__(self, window_seconds, tolerance):
        self._window_ns, self._tolerance = window_seconds * 1e9, tolerance
        self._window, self._before, self.settled = [], 0, False

    def add(self, latency_ns):
        self._window.append(latency_ns)
        if len(self._window) < WINDOW_RUNS or sum(self._window) < self._window_ns:
            return self.settled
        # nth_element at size / 2 there: the upper of two middles.
        median = statistics.median_high(self._window)
        self._window = []
        self.settled = self._before > 0 and abs(median - self._before) <= self._tolerance * self._before
        self._before = median
        return self.settled


def time_runs(plan, run, progress, clock=time.perf_counter_ns):
    """Calls run(0), run(1), ... and times each call; progress(done, total) at most once a second between them."""
    settling = Settling(plan.warm_up_seconds / 3, plan.tolerance)
    index = 0

    def timed():
        start = clock()
        run(index)
        return clock() - start

    # The collector's pauses are no part of a model.
    collecting = gc.isenabled()
    gc.disable()
    try:
        begin = last_progress = clock()
        while True:
            settled = settling.add(timed())
            index += 1
            seconds = (clock() - begin) * 1e-9
            enough = index >= plan.warm_up_runs and seconds >= plan.warm_up_seconds
            if (enough and settled) or seconds >= plan.warm_up_max_seconds:
                break
        warm_up = {"runs": index, "seconds": seconds, "settled": settled}
        latencies = []
        first = clock()
        while len(latencies) < plan.min_runs or (
                (clock() - first) * 1e-9 < plan.min_seconds and len(latencies) < plan.max_runs):
            latencies.append(timed())
            index += 1
            if clock() - last_progress >= PROGRESS_EVERY_S * 1e9:
                last_progress = clock()
                progress(len(latencies), max(len(latencies), plan.min_runs))
    finally:
        if collecting:
            gc.enable()
    return {"latencies_ns": latencies, "warm_up": warm_up}
