"""The fp64 judge: attention of a sample of rows, as the formula reads.

    out_i = sum_j w_ij v_j / (sum_j w_ij + guard_i),  j <= i when causal

A rule says what w_ij is. Keys are taken in pieces, so that memory does not grow with L.
Invariant: nothing of any peer is used, and no stabiliser but where a rule has constants that
depend on one: q and k are standard normal, and fp64 holds exp of all that comes of them.
"""
from dataclasses import dataclass

import numpy as np

from .problem import Problem

PIECE = 4096  # keys at a time
SAMPLE = 64  # rows of each head


@dataclass(frozen=True)
class Rule:
    """x = q D^(-1/4) or k D^(-1/4), u = W x.

    exact: w_ij = exp(x_i . y_j). Otherwise w_ij = phi(x_i) . phi(y_j) / R with
    phi(x) = exp(u - |x|^2/2), of +u and -u when `paired` (R/2 rows of W).
    feature_eps: phi(x) = exp(u - |x|^2/2 - max u) + feature_eps; the maximum of a query is that of
    its features, the maximum of the keys that of a whole head. causal_eps: added to each sum of key
    features, and den_eps to the denominator (docs/presets.md).
    """

    exact: bool = False
    paired: bool = False
    feature_eps: float = 0.0
    causal_eps: float = 0.0
    den_eps: float = 0.0


EXACT = Rule(exact=True)
EXP = Rule()
COSH = Rule(paired=True)
PERFORMER_PYTORCH = Rule(feature_eps=1e-4)
PERFORMER_PYTORCH_CAUSAL = Rule(feature_eps=1e-4, causal_eps=1e-6)
FAST_TRANSFORMERS = Rule(paired=True, den_eps=1e-6)


def sample_rows(L: int) -> np.ndarray:
    """Row numbers, with the first and the last."""
    return np.unique(np.linspace(0, L - 1, SAMPLE).astype(np.int64))


class _Features:
    """phi of one rule and one problem."""

    def __init__(self, rule: Rule, problem: Problem) -> None:
        R, D = problem.shape.R, problem.shape.D
        self.rule = rule
        self.scale = D ** -0.25
        self.W = problem.W[:R // 2 if rule.paired else R].astype(np.float64)
        self.key_top = np.float64(0.0)
        if rule.feature_eps:
            # [H, 1, 1], over all keys and features of a head
            self.key_top = np.max([self.exponents(piece)[0].max((-2, -1), keepdims=True)
                                   for _, piece in _pieces(problem.k[0])], axis=0)

    def exponents(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x [H, n, D] -> u [H, n, M] and |x|^2/2 [H, n, 1]."""
        x = x.astype(np.float64) * self.scale
        return x @ self.W.T, (x * x).sum(-1, keepdims=True) / 2

    def of(self, x: np.ndarray, is_query: bool) -> np.ndarray:
        """x [H, n, D] -> phi(x) R^(-1/2) [H, n, R]."""
        u, half = self.exponents(x)
        if self.rule.paired:
            u = np.concatenate([u, -u], -1)
        if self.rule.feature_eps:
            half = half + (u.max(-1, keepdims=True) if is_query else self.key_top)
        return (np.exp(u - half) + self.rule.feature_eps) * u.shape[-1] ** -0.5


def _pieces(x: np.ndarray):
    """Pairs of the first row and rows [H, n, D] of x [H, L, D]."""
    for start in range(0, x.shape[1], PIECE):
        yield start, x[:, start:start + PIECE]


def attend(rule: Rule, causal: bool, problem: Problem, rows: np.ndarray) -> np.ndarray:
    """out [H, rows, D] in fp64 of the given rows."""
    q = problem.q[0][:, rows]
    if rule.exact:
        x = q.astype(np.float64) * problem.shape.D ** -0.5
    else:
        features = _Features(rule, problem)
        x = features.of(q, is_query=True)
    num = np.zeros((*x.shape[:2], problem.shape.D))
    den = np.zeros((*x.shape[:2], 1))
    for start, k in _pieces(problem.k[0]):
        if rule.exact:
            w = np.exp(x @ k.astype(np.float64).swapaxes(-1, -2))
        else:
            w = x @ features.of(k, is_query=False).swapaxes(-1, -2)
        if causal:
            w *= np.arange(start, start + k.shape[1]) <= rows[:, None]
        num += w @ problem.v[0][:, start:start + k.shape[1]]
        den += w.sum(-1, keepdims=True)
    den += rule.den_eps
    if rule.causal_eps:
        den += rule.causal_eps * x.sum(-1, keepdims=True)
    return num / den


def relative_error(out: np.ndarray, expected: np.ndarray) -> float:
    """Largest |out_i - expected_i| / |expected_i| over rows of [H, rows, D]; NaN counts as inf."""
    difference = np.linalg.norm(out - expected, axis=-1) / np.linalg.norm(expected, axis=-1)
    return float(np.nan_to_num(difference, nan=np.inf).max())
