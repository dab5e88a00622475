#!/usr/bin/env python3
"""symbols.py LIBRARY HEADER...: the library exports exactly the CLF_API functions of the headers.

Wants one declaration after each CLF_API, its name right before the first parenthesis.
"""

import re
import subprocess
import sys

library, *headers = sys.argv[1:]
declared = set()
for header in headers:
    with open(header, encoding="utf-8") as file:
        declared.update(re.findall(r"^CLF_API[^;(]*?(\w+)\(", file.read(), re.MULTILINE))

table = subprocess.run(
    ["nm", "-D", "--defined-only", "-P", library], check=True, capture_output=True, text=True
).stdout
exported = {line.split()[0] for line in table.splitlines()}

for name in sorted(declared - exported):
    print(f"{name} is declared but not exported")
for name in sorted(exported - declared):
    print(f"{name} is exported but not declared")
print(f"{len(declared)} functions declared, {len(exported)} symbols exported")
sys.exit(declared != exported or not declared)
