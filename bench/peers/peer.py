"""What a peer is: a row of a table that says how to make one call of it.

Invariant: everything that depends on the shape alone (plans, compilers, copies of W) happens in
`make`, so that `run` is the attention and nothing else.
"""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .problem import Problem
from .reference import Rule


@dataclass(frozen=True)
class Call:
    """One attention, ready to run."""

    run: Callable[[], Any]  # computes; has finished when it returns
    read: Callable[[Any], np.ndarray]  # what run returned -> out [1, H, L, D] fp32
    notes: str = ""  # what the implementation says about itself, for the record


@dataclass(frozen=True)
class Peer:
    name: str  # of --peers and of the results
    label: str  # for tables and pictures; the same for the full and the causal form
    causal: bool
    rule: Rule  # what it should compute
    make: Callable[[Problem], Call]
