"""The goals of the project's speed, and what a run measured.

Fractions are of the FMA peak of the same moment, so that they can be compared between the series of
a run. Measures nothing.
"""
from collections.abc import Callable
from typing import NamedTuple

from . import crossover

LENGTH = 4096


class Run:
    """The figures of a folder of results."""

    def __init__(self, bench: dict[str, dict], peers: list[dict]) -> None:
        self.bench, self.peers = bench, peers

    def row(self, name: str, L: int = LENGTH) -> dict:
        """The total of a series of `clfavor bench`."""
        return next(r for r in self.bench[name]["results"] if r["stage"] == "total" and r["L"] == L)

    def fraction(self, name: str, L: int = LENGTH) -> float:
        return self.row(name, L)["fraction_of_peak"]

    def gain(self, name: str, dense: str) -> float:
        """Times faster than the series `dense`; both count the FLOP of dense rows."""
        return self.fraction(name) / self.fraction(dense)

    def launches(self, name: str) -> float:
        """A run of one row over as many empty launches as it has."""
        row = self.row(name, 1)
        return row["median_ms"] * 1e3 / (row["launches"] * self.bench[name]["empty_launch_us"])

    def workspace(self) -> float:
        """MiB, the largest at any length."""
        return max(r["workspace_bytes"] for name in ("bench-exp", "bench-exp-causal")
                   for r in self.bench[name]["results"]) / 2**20

    def peer(self, name: str, L: int = LENGTH) -> dict:
        return next(r for r in self.peers if r["peer"] == name and r["L"] == L and "ms" in r)

    def ratio(self, name: str) -> float:
        """The peer's time over clfavor's of the same direction, median of the rounds."""
        return self.peer(name)["ratio"]["median"]

    def speed_of_exact(self, L: int) -> float:
        """PyTorch's time over clfavor's."""
        theirs, ours = self.peer("sdpa", L), self.peer("clfavor-exact", L)
        return theirs["ratio"]["median"] / ours["ratio"]["median"]

    def crossover(self, linear: str, exact: str) -> float:
        """The length; where FAVOR+ is the faster one at all lengths, the first of them."""
        times = [crossover.medians(self.peers, peer) for peer in (linear, exact)]
        if crossover.always_faster(*times):
            return min(times[0].keys() & times[1].keys())
        found = crossover.crossover(*times)
        return float("inf") if found is None else found


class Goal(NamedTuple):
    what: str
    limit: float
    at_least: bool
    measured: Callable[[Run], float]


def at_least(what: str, limit: float, measured: Callable[[Run], float]) -> Goal:
    return Goal(what, limit, True, measured)


def at_most(what: str, limit: float, measured: Callable[[Run], float]) -> Goal:
    return Goal(what, limit, False, measured)


def near(what: str, series: str) -> Goal:
    """A series within 25 % of the default shape's fraction."""
    return at_least(f"{what}: fraction over that of the default shape", 0.75,
                    lambda run: run.gain(series, "bench-exp"))


GOALS = (
    at_least("bidirectional, fraction of the FMA peak", 0.65,
             lambda run: run.fraction("bench-exp")),
    at_least("causal, the same", 0.60, lambda run: run.fraction("bench-exp-causal")),
    at_most("cosh at the same R, time over exp's", 0.80, lambda run: run.ratio("clfavor-cosh")),
    at_least("performer-pytorch, its time over ours", 8,
             lambda run: run.ratio("performer-pytorch")),
    at_least("FAVOR+ under torch.compile, the same", 2.5, lambda run: run.ratio("torch-compile")),
    at_least("FAVOR+ under JAX's jit, the same", 5, lambda run: run.ratio("jax")),
    at_least("causal in chunks under torch.compile, the same", 5,
             lambda run: run.ratio("torch-compile-causal")),
    at_least("exact softmax, PyTorch's time over ours, L = 1024", 0.8,
             lambda run: run.speed_of_exact(1024)),
    at_least("the same, L = 4096", 0.8, lambda run: run.speed_of_exact(4096)),
    at_most("faster than PyTorch's exact attention from L =", 768,
            lambda run: run.crossover("clfavor", "sdpa")),
    at_most("causal, the same", 1024, lambda run: run.crossover("clfavor-causal", "sdpa-causal")),
    at_most("time a token, L = 65536 over L = 4096", 1.1,
            lambda run: run.fraction("bench-exp") / run.fraction("bench-exp", 65536)),
    at_most("workspace in MiB, at any length", 64, Run.workspace),
    at_most("a run at L = H = 1 over its empty launches", 1.5,
            lambda run: run.launches("goal-one")),
    at_most("the same, causal", 1.5, lambda run: run.launches("goal-one-causal")),
    near("D = 32, R = 128", "goal-shape-32"),
    near("D = 80, R = 266", "goal-shape-80"),
    near("D = 128, R = 512", "goal-shape-128"),
    near("E = 32", "goal-value-32"),
    near("E = 128", "goal-value-128"),
    near("bf16", "goal-bf16"),
    near("fp16", "goal-f16"),
    at_least("AVX2, vectors of 8, fraction of its FMA peak", 0.55,
             lambda run: run.fraction("goal-avx2-8")),
    at_least("the same, vectors of 4", 0, lambda run: run.fraction("goal-avx2-4")),
    at_least("structured over dense, D = 64", 1.25,
             lambda run: run.gain("goal-structured", "bench-exp")),
    at_least("structured over dense, D = 128", 1.5,
             lambda run: run.gain("goal-structured-128", "goal-dense-128")),
)


def rows(run: Run) -> list[list[str]]:
    """A row of a table for each goal; what was not measured says so."""
    table = []
    for goal in GOALS:
        try:
            value = goal.measured(run)
        except (KeyError, StopIteration, TypeError):
            table.append([goal.what, "", "not measured"])
            continue
        met = value >= goal.limit if goal.at_least else value <= goal.limit
        sign = "≥" if goal.at_least else "≤"
        table.append([goal.what, f"{sign} {goal.limit:g}" if goal.limit else "",
                      f"{value:.3g}" if met else f"**{value:.3g}**, missed"])
    return table
