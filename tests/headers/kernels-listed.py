#!/usr/bin/env python3
"""kernels-listed.py ROOT KERNEL...: the kernels are exactly the .cl files below ROOT."""

import pathlib
import sys

root, *listed = sys.argv[1:]
files = {path.relative_to(root).as_posix() for path in pathlib.Path(root).rglob("*.cl")}
for path in sorted(files.symmetric_difference(listed)):
    where = "is not in kernels/meson.build" if path in files else "is no file"
    print(f"kernels/{path} {where}")
print(f"{len(files)} kernels on disk, {len(listed)} listed")
sys.exit(files != set(listed) or not files)
