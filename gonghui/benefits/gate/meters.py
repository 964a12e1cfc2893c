"""What Prometheus wants to know of a gate: a handful of numbers, no client library on the hot path."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
BATCH_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, about: str) -> list[str]:
        lines, seen = [f"# HELP {name} {about}", f"# TYPE {name} histogram"], 0
        for bound, count in zip((*self.bounds, "+Inf"), self.counts, strict=True):
            seen += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {seen}')
        return [*lines, f"{name}_sum {self.total:.6f}", f"{name}_count {seen}"]


class Meters:
    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.from_memory = 0
        self.pages = 0
        self.batch_size = Histogram(BATCH_SIZES)
        self.batch_seconds = Histogram(BATCH_SECONDS)

    def text(self, *, queue_depth: int, clock_uncertainty_s: float) -> str:
        lines = ["# HELP gonghui_claims_total Claims by answer", "# TYPE gonghui_claims_total counter"]
        lines += [f'gonghui_claims_total{{answer="{a}"}} {n}' for a, n in sorted(self.answers.items())]
        lines += _one(
            "gonghui_claims_from_memory_total", "counter", "Claims answered without SQL", self.from_memory
        )
        lines += _one("gonghui_waiting_pages_total", "counter", "Waiting pages served", self.pages)
        lines += self.batch_size.lines("gonghui_claim_batch_size", "Claims settled in one call")
        lines += self.batch_seconds.lines("gonghui_claim_batch_seconds", "Time of one call with its commit")
        lines += _one("gonghui_claim_queue_depth", "gauge", "Claims not answered yet", queue_depth)
        about = "Half width of the database clock estimate"
        lines += _one("gonghui_gate_clock_uncertainty_seconds", "gauge", about, round(clock_uncertainty_s, 6))
        return "\n".join(lines) + "\n"


def _one(name: str, kind: str, about: str, value: float) -> list[str]:
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}", f"{name} {value}"]
