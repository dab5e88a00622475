"""PyTorch: FAVOR+ written out, eager and under torch.compile, and its own exact attention.

Features are stored, as they are wherever attention is put together from library calls: large
matrix products, a maximum subtracted before exp, no eps. Of the forms that were tried these are the
fastest: heads one after the other for the bidirectional pass, so that the features of one stay in
the cache; all heads at once, in chunks of rows, for the causal one. Tensors are [1, H, L, D] or,
without heads, [1, L, D].
"""
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from .peer import Call, Peer
from .problem import Problem
from .reference import EXACT, EXP

VERSIONS = {"torch": torch.__version__}

CHUNK = 64  # rows of a causal step; the fastest of 64, 128 and 256

# One compiled function serves every length, with code of its own for each.
torch._dynamo.config.recompile_limit = 64

Attention = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def query_features(q: Tensor, W: Tensor) -> Tensor:
    """phi(q) [.., L, R] times a factor per row, which cancels; W is scaled by D^(-1/4)."""
    u = q @ W.mT
    return u.sub_(u.amax(-1, keepdim=True)).exp_()


def key_features(k: Tensor, W: Tensor) -> Tensor:
    """phi(k) [.., L, R] times a factor per head, which cancels."""
    u = k @ W.mT
    u.sub_((k * k).sum(-1, keepdim=True), alpha=0.5 * k.shape[-1] ** -0.5)
    return u.sub_(u.amax((-2, -1), keepdim=True)).exp_()


def head(q: Tensor, k: Tensor, v: Tensor, W: Tensor) -> Tensor:
    """q, k [1, L, D], v [1, L, E] -> [1, L, E]."""
    phi_q, phi_k = query_features(q, W), key_features(k, W)
    state, z = phi_k.mT @ v, phi_k.sum(-2).unsqueeze(-1)
    return (phi_q @ state).div_(phi_q @ z)


def step(q: Tensor, phi_k: Tensor, v: Tensor, W: Tensor, state: Tensor, z: Tensor) -> Tensor:
    """A causal chunk of C rows: q [1, H, C, D] -> [1, H, C, E]. Adds its keys to the sums `state`
    [1, H, R, E] and `z` [1, H, R, 1] of those before."""
    phi_q = query_features(q, W)
    weights = (phi_q @ phi_k.mT).tril_()
    num = (phi_q @ state).add_(weights @ v)
    den = (phi_q @ z).add_(weights.sum(-1, keepdim=True))
    state.add_(phi_k.mT @ v)
    z.add_(phi_k.sum(-2).unsqueeze(-1))
    return num.div_(den)


def plain(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return function


@cache
def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return torch.compile(function, fullgraph=True, dynamic=False)


def bidirectional(mode, q: Tensor, k: Tensor, v: Tensor, W: Tensor) -> Tensor:
    """`mode` is plain or compiled."""
    out = torch.empty_like(v)
    for h in range(q.shape[1]):
        out[:, h] = mode(head)(q[:, h], k[:, h], v[:, h], W)
    return out


def causal(mode, q: Tensor, k: Tensor, v: Tensor, W: Tensor) -> Tensor:
    phi_k = mode(key_features)(k, W)
    state = v.new_zeros(*phi_k.shape[:2], phi_k.shape[-1], v.shape[-1])
    z = state.new_zeros(*state.shape[:-1], 1)
    chunks = zip(*(x.split(CHUNK, -2) for x in (q, phi_k, v)))
    return torch.cat([mode(step)(*chunk, W, state, z) for chunk in chunks], -2)


def call(attend: Callable[[], Tensor]) -> Call:
    return Call(run=torch.inference_mode()(attend), read=np.asarray)


def make_favor(attend: Attention, problem: Problem) -> Call:
    q, k, v = map(torch.from_numpy, problem.tensors)
    W = torch.from_numpy(problem.W * problem.shape.D ** -0.25)
    return call(lambda: attend(q, k, v, W))


def make_exact(causal: bool, problem: Problem) -> Call:
    q, k, v = map(torch.from_numpy, problem.tensors)
    return call(lambda: scaled_dot_product_attention(q, k, v, is_causal=causal))


EAGER, COMPILED, SDPA = "PyTorch", "PyTorch, compiled", "PyTorch, exact (SDPA)"

PEERS = (
    Peer("torch", EAGER, False, EXP, partial(make_favor, partial(bidirectional, plain))),
    Peer("torch-causal", EAGER, True, EXP, partial(make_favor, partial(causal, plain))),
    Peer("torch-compile", COMPILED, False, EXP,
         partial(make_favor, partial(bidirectional, compiled))),
    Peer("torch-compile-causal", COMPILED, True, EXP,
         partial(make_favor, partial(causal, compiled))),
    Peer("sdpa", SDPA, False, EXACT, partial(make_exact, False)),
    Peer("sdpa-causal", SDPA, True, EXACT, partial(make_exact, True)),
)
