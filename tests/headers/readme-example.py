#!/usr/bin/env python3
"""Compiles the C example of README.md: readme-example.py README COMPILER [ARGUMENT ...]."""
import re
import subprocess
import sys
import tempfile

readme, compiler = sys.argv[1], sys.argv[2:]
blocks = re.findall(r"^```c\n(.*?)^```$", open(readme, encoding="utf-8").read(), re.S | re.M)
if len(blocks) != 1:
    sys.exit(f"{readme}: {len(blocks)} blocks of C, 1 expected")
with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
    source.write(blocks[0])
    source.flush()
    sys.exit(subprocess.run([*compiler, source.name]).returncode)
