#!/usr/bin/env python3
"""Stands for the program that measures: answers what FAKE_MODE says, at once.

    gains     panels are 1.05 times as fast, tiles of 96 rows 1.04 times, prefetching never pays
    little    everything is 1.005 times as fast
    doubtful  everything is 1.05 times as fast, its lower quartile 0.9
    lucky     alone everything is 1.05 times as fast, beside others 1.0
    wrong     every candidate is wrong
    boasting  alone everything is 1.3 times as fast, beside others as with gains
    unraced   as gains, but the race fails
    classless as gains, but the class cannot be measured
    nonsense, dies, silent     at the first candidate
    other, refuses             at the first question

FAKE_KERNELS is the hash of the kernels, FAKE_VERSION the version of the library. Each start adds a
line to the file `starts`.
"""

import json
import os
import sys
import time

MODE = os.environ["FAKE_MODE"]


def ratio_of(configuration, alone):
    if MODE == "boasting" and alone:
        return 1.3
    if MODE in ("gains", "boasting", "unraced", "classless"):
        return ((1.05 if "packing=panels" in configuration else 1)
                * (1.04 if "tile_rows=96" in configuration else 1)
                * (0.9 if "prefetch=off" in configuration else 1))
    return {"little": 1.005, "lucky": 1.05 if alone else 1.0}.get(MODE, 1.05)


def quartiles(ratio):
    return [0.9 if MODE == "doubtful" else ratio * 0.999, ratio, ratio * 1.001]


def measure(question):
    if MODE == "dies":
        sys.stderr.write("a driver said so\n")
        os._exit(9)
    if MODE == "silent":
        time.sleep(1000)
    if MODE == "nonsense":
        return {"answer": "measure", "verdict": "splendid"}
    ratio = ratio_of(question["configuration"].split(), True)
    wrong = MODE == "wrong"
    return {"answer": "measure", "verdict": "correctness" if wrong else "correct",
            "correctness": 7.0 if wrong else 0.1, "compile_seconds": 0.5,
            "seconds": [] if wrong else [0.01 / ratio] * 7,
            "ratio": [None] * 3 if wrong else quartiles(ratio), "message": "" if not wrong else "7"}


def race(question):
    if MODE == "unraced":
        return {"answer": "failed", "message": "no memory for three"}
    ratios = [ratio_of(one.split(), False) for one in question["configurations"]]
    return {"answer": "race", "seconds": [[0.01 / ratio] * 15 for ratio in ratios],
            "ratios": [quartiles(ratio) for ratio in ratios]}


def answer_to(question):
    if question["do"] == "open":
        if MODE == "refuses":
            return {"answer": "failed", "message": "the default is slow today"}
        return {"answer": "open", "version": os.environ["FAKE_VERSION"],
                "kernels": "0" * 32 if MODE == "other" else os.environ["FAKE_KERNELS"]}
    if question["do"] == "class" and MODE == "classless":
        return {"answer": "failed", "message": "no kernel for it"}
    if question["do"] == "class":
        return {"answer": "class", "class": "cpu_8"}
    return {"measure": measure, "race": race}[question["do"]](question)


with open("starts", "a", encoding="ascii") as starts:
    starts.write(" ".join(sys.argv[1:]) + "\n")
with os.fdopen(3, "w", encoding="ascii") as answers:
    for line in sys.stdin:
        print(json.dumps({"at": "work"}), file=answers, flush=True)
        print(json.dumps(answer_to(json.loads(line))), file=answers, flush=True)
