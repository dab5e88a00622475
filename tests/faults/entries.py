#!/usr/bin/env python3
"""entries.py TABLE LIBRARY: every OpenCL function that the library calls has a row in entries.h."""

import re
import subprocess
import sys

table, library = sys.argv[1:]
with open(table, encoding="utf-8") as file:
    rows = set(re.findall(r"\bX\((?:cl_\w+, )?(cl\w+),", file.read()))
symbols = subprocess.run(
    ["nm", "-D", "--undefined-only", "-P", library], check=True, capture_output=True, text=True
).stdout
called = {line.split()[0].split("@")[0] for line in symbols.splitlines()}
called = {name for name in called if re.match(r"cl[A-Z]", name)}

for name in sorted(called - rows):
    print(f"{name} is called, and has no row")
print(f"{len(called)} functions called, {len(rows)} rows")
sys.exit(bool(called - rows) or not called)
