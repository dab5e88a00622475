"""pytorch-fast-transformers 0.4.0: its Favor features, which are cosh, and its linear attention.

It takes [1, L, H, D], so its inputs are brought there first, outside the time.
"""
from functools import partial
from importlib.metadata import version

import numpy as np
import torch
from fast_transformers import masking
from fast_transformers.attention import CausalLinearAttention, LinearAttention
from fast_transformers.feature_maps import Favor

from .peer import Call, Peer
from .problem import Problem
from .reference import FAST_TRANSFORMERS

VERSIONS = {"pytorch-fast-transformers": version("pytorch-fast-transformers")}


def make(causal: bool, problem: Problem) -> Call:
    L, D, R = problem.shape.L, problem.shape.D, problem.shape.R
    features = Favor.factory(n_dims=R, deterministic_eval=True)
    layer = (CausalLinearAttention if causal else LinearAttention)(D, features).eval()
    layer.feature_map.omega.copy_(torch.from_numpy(problem.W[:R // 2].T))
    # The layers only ask what sort of mask it is, so it need not be [L, L].
    mask = masking.TriangularCausalMask(1) if causal else masking.FullMask(N=1, M=1)
    lengths = masking.LengthMask(torch.tensor([L]))
    q, k, v = (torch.from_numpy(x).transpose(1, 2).contiguous() for x in problem.tensors)
    return Call(run=torch.inference_mode()(lambda: layer(q, k, v, mask, lengths, lengths)),
                read=lambda out: np.asarray(out.transpose(1, 2)))


LABEL = "fast-transformers, cosh"

PEERS = (
    Peer("fast-transformers", LABEL, False, FAST_TRANSFORMERS, partial(make, False)),
    Peer("fast-transformers-causal", LABEL, True, FAST_TRANSFORMERS, partial(make, True)),
)
