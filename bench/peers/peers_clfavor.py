"""clfavor through its C library: a plan made once, buffers on the device, a run and clFinish."""
from functools import cache, partial


from . import machine
from .clfavor import (CL_MEM_READ_ONLY, CL_MEM_READ_WRITE, KIND_COSH, KIND_EXP, PATH_AUTO,
                      PATH_EXACT, Context, DeviceArray, Plan, PlanParams)
from .peer import Call, Peer
from .problem import Problem, aligned_empty
from .reference import COSH, EXACT, EXP

CONTEXT = Context()
VERSIONS = {"clfavor": machine.commit(), **CONTEXT.device}


@cache
def buffers(problem: Problem) -> tuple[DeviceArray, ...]:
    """q, k, v and out of one problem, shared by its plans, of which one runs at a time."""
    inputs = (DeviceArray(CONTEXT, x, CL_MEM_READ_ONLY) for x in problem.tensors)
    out = DeviceArray(CONTEXT, aligned_empty(problem.v.shape), CL_MEM_READ_WRITE)
    return *inputs, out


def make(kind: int, path: int, causal: bool, problem: Problem) -> Call:
    shape = problem.shape
    params = PlanParams(B=1, H=shape.H, L=shape.L, S=shape.L, D=shape.D, E=shape.D, R=shape.R,
                        kind=kind, path=path, causal=causal)
    W = None
    if path != PATH_EXACT:
        W = problem.W[:shape.R // 2] if kind == KIND_COSH else problem.W
    arrays = buffers(problem)
    plan = Plan(CONTEXT, params, W, *arrays)
    return Call(run=plan.run, read=lambda _: arrays[-1].read(), notes=plan.describe())


OWN, PAIRS, FULL = "clfavor", "clfavor, cosh", "clfavor, exact"

PEERS = (
    Peer("clfavor", OWN, False, EXP, partial(make, KIND_EXP, PATH_AUTO, False)),
    Peer("clfavor-causal", OWN, True, EXP, partial(make, KIND_EXP, PATH_AUTO, True)),
    Peer("clfavor-cosh", PAIRS, False, COSH, partial(make, KIND_COSH, PATH_AUTO, False)),
    Peer("clfavor-exact", FULL, False, EXACT, partial(make, KIND_EXP, PATH_EXACT, False)),
    Peer("clfavor-exact-causal", FULL, True, EXACT, partial(make, KIND_EXP, PATH_EXACT, True)),
)
