"""performer-pytorch 1.1.4, through its own module, with the projection of the problem.

Its causal form without CUDA keeps a state for every row of a piece; the package calls it
"inefficient [...] for reader's reference", and it is what the package runs on a CPU.
"""
import contextlib
import io
from functools import partial
from importlib.metadata import version

import numpy as np
import torch
from performer_pytorch.performer_pytorch import FastAttention, causal_linear_attention_noncuda

from .peer import Call, Peer
from .problem import Problem
from .reference import PERFORMER_PYTORCH, PERFORMER_PYTORCH_CAUSAL

VERSIONS = {"performer-pytorch": version("performer-pytorch")}


def make(causal: bool, problem: Problem) -> Call:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints that it has no CUDA
        layer = FastAttention(problem.shape.D, nb_features=problem.shape.R, causal=causal).eval()
    layer.projection_matrix.copy_(torch.from_numpy(problem.W))
    if causal:
        layer.causal_linear_fn = causal_linear_attention_noncuda
    q, k, v = map(torch.from_numpy, problem.tensors)
    return Call(run=torch.inference_mode()(lambda: layer(q, k, v)),
                read=np.asarray)


LABEL = "performer-pytorch"

PEERS = (
    Peer("performer-pytorch", LABEL, False, PERFORMER_PYTORCH, partial(make, False)),
    Peer("performer-pytorch-causal", LABEL, True, PERFORMER_PYTORCH_CAUSAL, partial(make, True)),
)
