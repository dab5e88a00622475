"""Checks every case, then times all of them in alternating rounds.

A case is a peer at a length. Invariant: no case is timed whose output was not compared with the
fp64 reference first, and a round runs all cases in turn, so that a change of the clock, or another
program, hits all of them alike. Ratios are taken within a round.
"""
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from . import reference
from .peer import Call, Peer
from .problem import Problem

SAMPLE_SECONDS = 0.02  # a sample repeats short calls until it lasts this long
LIMIT_SECONDS = 10.0  # a peer with a longer call is not asked for longer lengths
WARM_UP_SECONDS = 1.0  # a sample of shorter calls begins with one that is not timed
TOLERANCE = 1e-4  # of reference.relative_error, in fp32

BASELINES = {False: "clfavor", True: "clfavor-causal"}


@dataclass
class Case:
    peer: Peer
    L: int
    status: str = "ok"  # ok; slow: one call, above the limit; wrong, failed, skipped: no time
    detail: str = ""  # of any other status than ok
    error: float | None = None
    call: Call | None = None
    repeats: int = 1
    seconds: list[float] = field(default_factory=list)  # of one call, a value per round

    @property
    def timed(self) -> bool:
        return self.status in ("ok", "slow")


def say(text: str) -> None:
    print(f"peers: {text}", file=sys.stderr, flush=True)


def time_calls(call: Call, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call.run()
    return (time.perf_counter() - start) / repeats


def prepare(peer: Peer, problem: Problem, rows: np.ndarray, expected: np.ndarray) -> Case:
    """Makes the call, compares its output, and finds out how often a sample repeats it."""
    case = Case(peer, problem.shape.L)
    try:
        call = peer.make(problem)
        out = call.read(call.run())
        case.error = reference.relative_error(out[0][:, rows], expected)
        del out
        seconds = time_calls(call, 1)
    except Exception as error:  # whatever a framework throws ends its case, not the run
        case.status, case.detail = "failed", f"{type(error).__name__}: {error}"
        return case
    if case.error > TOLERANCE:
        case.status, case.detail = "wrong", f"error {case.error:.1e}"
    elif seconds > LIMIT_SECONDS:
        case.status, case.detail = "slow", f"one call of {seconds:.1f} s"
        case.seconds = [seconds]
    else:
        case.call = call
        case.repeats = int(np.ceil(SAMPLE_SECONDS / seconds))
    return case


def prepare_all(peers: Iterable[Peer], problems: Iterable[Problem]) -> list[Case]:
    """Cases by length, and by peer within a length. Lengths ascend."""
    cases: list[Case] = []
    too_slow: dict[str, int] = {}
    for problem in problems:
        L = problem.shape.L
        rows = reference.sample_rows(L)
        judged: dict[tuple[reference.Rule, bool], np.ndarray] = {}
        for peer in peers:
            if peer.name in too_slow:
                limit = f"above {LIMIT_SECONDS:g} s a call at L={too_slow[peer.name]}"
                cases.append(Case(peer, L, "skipped", limit))
                continue
            say(f"checking {peer.name} at L={L}")
            key = peer.rule, peer.causal
            if key not in judged:
                judged[key] = reference.attend(*key, problem, rows)
            case = prepare(peer, problem, rows, judged[key])
            if case.status == "slow":
                too_slow[peer.name] = L
            if case.status != "ok":
                say(f"  {case.status}: {case.detail}")
            cases.append(case)
    return cases


def measure(cases: list[Case], rounds: int) -> None:
    """Adds a sample of every case for each round; every second round runs backwards."""
    running = [case for case in cases if case.call]
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for case in running if number % 2 == 0 else reversed(running):
            if not case.seconds or case.seconds[-1] < WARM_UP_SECONDS:
                case.call.run()
            case.seconds.append(time_calls(case.call, case.repeats))


def quartiles(values: Iterable[float]) -> dict[str, float]:
    q1, median, q3 = np.percentile(list(values), (25, 50, 75))
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}


def ratio(case: Case, base: Case) -> dict[str, float] | None:
    """Time over the baseline's: round by round, or of one call over its median."""
    if not case.timed or not base.timed:
        return None
    if len(case.seconds) != len(base.seconds):
        return quartiles([np.median(case.seconds) / np.median(base.seconds)])
    return quartiles(np.divide(case.seconds, base.seconds))


def results(cases: list[Case]) -> list[dict]:
    """A record for each case."""
    by_name = {(case.peer.name, case.L): case for case in cases}
    records = []
    for case in cases:
        record = {"peer": case.peer.name, "label": case.peer.label, "causal": case.peer.causal,
                  "L": case.L, "status": case.status, "detail": case.detail, "error": case.error}
        if case.timed:
            base = by_name[BASELINES[case.peer.causal], case.L]
            record |= {
                "repeats": case.repeats,
                "samples_ms": [seconds * 1e3 for seconds in case.seconds],
                "ms": quartiles(seconds * 1e3 for seconds in case.seconds),
                "ratio": ratio(case, base),
                "notes": case.call.notes if case.call else "",
            }
        records.append(record)
    return records
