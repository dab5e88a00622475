"""Peak memory of one case, in a process of its own.

`measure` starts `python -m peers.memory`, which loads one package, runs the peer at a small length
(code, compilers and thread pools are then there), draws the inputs, and looks at what the case
itself adds. Reads /proc, so it needs Linux.
"""
import argparse
import ctypes
import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from . import machine
from .problem import Problem, Shape

SMALL = 256


def _status_bytes(name: str) -> int:
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)[1]) * 1024


def measure_here(package: str, name: str, shape: Shape, seed: int) -> dict[str, int]:
    """total_bytes: the highest resident size of the process. beyond_bytes: how far it rose above
    what was resident with the libraries loaded and the inputs drawn."""
    from . import registry

    peer = registry.load([package]).peers[name]
    small = Problem(Shape(SMALL, shape.H, shape.D, shape.R), seed)
    peer.make(small).run()
    problem = Problem(shape, seed)
    inputs = problem.tensors, problem.W
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else the case takes what the small call freed, unseen
    loading = _status_bytes("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark falls to what is resident
    before = _status_bytes("VmRSS")
    call = peer.make(problem)
    for _ in range(2):
        out = call.run()
        del out
    del inputs
    peak = _status_bytes("VmHWM")
    return {"total_bytes": max(loading, peak), "beyond_bytes": peak - before}


def measure(package: str, name: str, shape: Shape, seed: int) -> dict[str, int] | None:
    """The same in a new process; None when that fails (the system may have ended it). The
    allocator is as it comes there: it gives back what is freed."""
    environment = {key: value for key, value in os.environ.items() if key not in machine.MALLOC}
    command = [sys.executable, "-m", "peers.memory", package, name,
               *(str(n) for n in (shape.L, shape.H, shape.D, shape.R, seed))]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, text=True,
                          capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m peers.memory", description=__doc__)
    parser.add_argument("package")
    parser.add_argument("peer")
    for name in ("L", "H", "D", "R", "seed"):
        parser.add_argument(name, type=int)
    o = parser.parse_args()
    print(json.dumps(measure_here(o.package, o.peer, Shape(o.L, o.H, o.D, o.R), o.seed)))


if __name__ == "__main__":
    main()
