"""Oclgrind finds what it is trusted to find: each bug of planted.cl, and none in its clean kernel.

    planted.py OCLGRIND EXECUTABLE KERNELS

OCLGRIND is the script that runs a command on it. Prints TAP.
"""

import subprocess
import sys

OCLGRIND, EXECUTABLE, KERNELS = sys.argv[1:4]

# Kernel, pass, what must be reported.
BUGS = [
    ("clean", "--races", None),
    ("clean", "--uninitialized", None),
    ("global_read", "", "Invalid read of size 4 at global memory"),
    ("global_write", "", "Invalid write of size 4 at global memory"),
    ("static_local_write", "", "Invalid write of size 4 at local memory"),
    ("dynamic_local_write", "", "Invalid write of size 4 at local memory"),
    ("private_write", "", "Invalid write of size 4 at private memory"),
    ("local_race", "--races", "data race at local memory"),
    ("global_race", "--races", "data race at global memory"),
    ("divergent_barrier", "", "Work-group divergence detected"),
    ("uninitialized_local", "--uninitialized", "Uninitialized value written to global memory"),
    ("uninitialized_private", "--uninitialized", "Uninitialized value written to global memory"),
    ("uninitialized_buffer", "--uninitialized", "Controlflow depends on uninitialized value"),
    ("misaligned_store", "", "not aligned to the pointed type"),
]

failures = 0
for number, (kernel, option, report) in enumerate(BUGS, 1):
    command = [OCLGRIND, *option.split(), EXECUTABLE, KERNELS, kernel]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False)
    if run.returncode == 77:
        print(f"1..0 # skipped: {run.stdout.strip()}")
        sys.exit(0)
    right = run.returncode == (1 if report else 0) and (report or "") in run.stdout
    failures += not right
    print(f"{'ok' if right else 'not ok'} {number} - {kernel} {option}")
    if not right:
        print("".join(f"#   {line}\n" for line in run.stdout.splitlines()[:20]), end="")
print(f"1..{len(BUGS)}")
sys.exit(failures != 0)
