"""One problem: q, k, v and the projection that every peer gets. Does not compute attention.

Invariant: the same seed and shape give the same values, and all peers read the same bytes: the
arrays begin at a page, which every peer can use in place.
"""
from dataclasses import dataclass
from functools import cached_property

import numpy as np

PAGE = 4096


def aligned_empty(shape: tuple[int, ...]) -> np.ndarray:
    """An fp32 array of `shape` that begins at a page."""
    count = int(np.prod(shape))
    memory = np.empty(count * 4 + PAGE, np.uint8)
    start = -memory.ctypes.data % PAGE
    return memory[start:start + count * 4].view(np.float32).reshape(shape)


@dataclass(frozen=True)
class Shape:
    """B = 1 and E = D."""

    L: int
    H: int
    D: int
    R: int


@dataclass(frozen=True)
class Problem:
    """q, k, v [1, H, L, D], standard normal, and W [R, D], orthogonal in blocks of D rows with chi
    norms. A peer with pairs of features takes the first R/2 rows of W."""

    shape: Shape
    seed: int

    def _normal(self, stream: int, *shape: int) -> np.ndarray:
        x = aligned_empty(shape)
        np.random.default_rng([self.seed, stream]).standard_normal(out=x, dtype=np.float32)
        return x

    def _tensor(self, stream: int) -> np.ndarray:
        return self._normal(stream, 1, self.shape.H, self.shape.L, self.shape.D)

    @cached_property
    def q(self) -> np.ndarray:
        return self._tensor(0)

    @cached_property
    def k(self) -> np.ndarray:
        return self._tensor(1)

    @cached_property
    def v(self) -> np.ndarray:
        return self._tensor(2)

    @cached_property
    def W(self) -> np.ndarray:
        R, D = self.shape.R, self.shape.D
        blocks = self._normal(3, -(-R // D), D, D).astype(np.float64)
        Q, upper = np.linalg.qr(blocks)
        # With the sign of the diagonal Q is Haar-distributed.
        Q *= np.sign(np.diagonal(upper, axis1=-2, axis2=-1))[:, None, :]
        norms = np.linalg.norm(self._normal(4, R, D), axis=-1, keepdims=True)
        W = aligned_empty((R, D))
        W[:] = Q.swapaxes(-1, -2).reshape(-1, D)[:R] * norms
        return W

    @property
    def tensors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.q, self.k, self.v
