"""Where FAVOR+ begins to be faster than exact attention."""
from math import exp, log


def medians(results: list[dict], peer: str) -> dict[int, float]:
    """Median milliseconds by length."""
    return {r["L"]: r["ms"]["median"] for r in results if r["peer"] == peer and "ms" in r}


def always_faster(linear: dict[int, float], exact: dict[int, float]) -> bool:
    """Whether `linear` is the faster of the two at every length that both have."""
    lengths = linear.keys() & exact.keys()
    return bool(lengths) and all(linear[L] < exact[L] for L in lengths)


def crossover(linear: dict[int, float], exact: dict[int, float]) -> float | None:
    """L from which `linear` stays the faster of the two: interpolated on logarithms between
    measured lengths. None when it is the faster one at all lengths, or not at the last."""
    found = None
    lengths = sorted(linear.keys() & exact.keys())
    gains = [log(exact[L] / linear[L]) for L in lengths]
    for (L0, gain0), (L1, gain1) in zip(zip(lengths, gains), zip(lengths[1:], gains[1:])):
        if gain0 <= 0 < gain1:
            found = exp(log(L0) + log(L1 / L0) * -gain0 / (gain1 - gain0))
        elif gain1 <= 0:
            found = None
    return found


# (what, linear, exact)
PAIRS = (
    ("bidirectional, PyTorch's exact attention", "clfavor", "sdpa"),
    ("causal, PyTorch's exact attention", "clfavor-causal", "sdpa-causal"),
    ("bidirectional, clfavor's exact attention", "clfavor", "clfavor-exact"),
    ("causal, clfavor's exact attention", "clfavor-causal", "clfavor-exact-causal"),
)


def describe(results: list[dict], linear: str, exact: str) -> str:
    """The crossover in words."""
    at, other = medians(results, linear), medians(results, exact)
    common = sorted(at.keys() & other.keys())
    if not common:
        return "not measured"
    L = crossover(at, other)
    if L is not None:
        return f"L = {L:.0f}"
    return f"below {common[0]}" if always_faster(at, other) else f"above {common[-1]}"
