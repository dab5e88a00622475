"""The machine of a run: how many threads everybody gets, and what goes into the record.

Invariant: `claim_threads` is called before any library is loaded that starts threads.
"""
import os
import platform
import subprocess
from pathlib import Path

# Settings of glibc's allocator; bench/run says when they are set.
MALLOC = ("MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_")


def threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def claim_threads() -> None:
    """The same number of threads for OpenMP (PyTorch), JAX and PoCL."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "POCL_MAX_PTHREAD_COUNT",
                 "POCL_CPU_MAX_CU_COUNT"):
        os.environ[name] = str(threads())


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def commit() -> str:
    """The commit of the sources, with -dirty when they were changed."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, cwd=Path(__file__).parent, check=True, text=True,
                              capture_output=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe() -> dict:
    return {
        "cpu": cpu_name(),
        "threads": threads(),
        "memory_bytes": memory_bytes(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "malloc": {name: os.environ[name] for name in MALLOC if name in os.environ},
        "python": platform.python_version(),
    }
