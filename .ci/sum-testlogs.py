#!/usr/bin/env python3
"""sum-testlogs.py [BROKEN SETUP...]: one line `N passed, N failed` over build/*/meson-logs.

Whatever did not pass failed, skips too: where this runs, everything is installed. A broken setup
(it did not compile, or ran no test) counts as one failure. No log at all is a failure.
"""

import json
import pathlib
import sys

passed = 0
failed = [f"{setup}: no test results" for setup in sys.argv[1:]]
for log in sorted(pathlib.Path("build").glob("*/meson-logs/testlog*.json")):
    for line in log.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        else:
            failed.append(f"{log.parts[1]}: {test['name']}: {test['result']}")

for line in failed:
    print(f"FAILED {line}")
print(f"{passed} passed, {len(failed)} failed")
sys.exit(bool(failed) or passed == 0)
