"""JAX under jit: the same FAVOR+, written for it.

Heads go one after the other (lax.map), which is faster on a CPU than a batch of them. Tensors are
[1, H, L, D].
"""
from functools import partial

import jax
import numpy as np
from jax import Array, lax
from jax import numpy as jnp

from .peer import Call, Peer
from .problem import Problem
from .reference import EXP

VERSIONS = {"jax": jax.__version__}

CHUNK = 64  # the fastest of 64, 128 and 256 rows


def query_features(q: Array, W: Array) -> Array:
    """phi(q) [L, R] times a factor per row, which cancels; W is scaled by D^(-1/4)."""
    u = q @ W.T
    return jnp.exp(u - u.max(-1, keepdims=True))


def key_features(k: Array, W: Array) -> Array:
    """phi(k) [L, R] times one factor, which cancels."""
    u = k @ W.T - (k * k).sum(-1, keepdims=True) * (0.5 * k.shape[-1] ** -0.5)
    return jnp.exp(u - u.max())


def bidirectional(q: Array, k: Array, v: Array, W: Array) -> Array:
    """One head: q, k [L, D], v [L, E] -> [L, E]."""
    phi_q, phi_k = query_features(q, W), key_features(k, W)
    return (phi_q @ (phi_k.T @ v)) / (phi_q @ phi_k.sum(0)[:, None])


def causal(q: Array, k: Array, v: Array, W: Array) -> Array:
    """One head, in a scan over chunks that carries the state [R, E] and z [R]."""
    L = q.shape[0]

    def chunks(x: Array) -> Array:
        return jnp.pad(x, ((0, -L % CHUNK), (0, 0))).reshape(-1, CHUNK, x.shape[-1])

    def step(carry: tuple[Array, Array], chunk: tuple[Array, Array, Array]):
        (state, z), (a, b, values) = carry, chunk
        weights = jnp.tril(a @ b.T)
        num = a @ state + weights @ values
        den = a @ z[:, None] + weights.sum(-1, keepdims=True)
        return (state + b.T @ values, z + b.sum(0)), num / den

    R, E = W.shape[0], v.shape[-1]
    parts = map(chunks, (query_features(q, W), key_features(k, W), v))
    _, out = lax.scan(step, (jnp.zeros((R, E)), jnp.zeros(R)), tuple(parts))
    return out.reshape(-1, E)[:L]


def make(attend, problem: Problem) -> Call:
    q, k, v = map(jnp.asarray, problem.tensors)
    W = jnp.asarray(problem.W * problem.shape.D ** -0.25)

    @jax.jit
    def heads(q: Array, k: Array, v: Array, W: Array) -> Array:
        return lax.map(lambda head: attend(*head, W), (q[0], k[0], v[0]))[None]

    return Call(run=lambda: heads(q, k, v, W).block_until_ready(), read=np.asarray)


LABEL = "JAX, jit"

PEERS = (
    Peer("jax", LABEL, False, EXP, partial(make, bidirectional)),
    Peer("jax-causal", LABEL, True, EXP, partial(make, causal)),
)
