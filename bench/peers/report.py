"""`python -m peers.report FOLDER`: README.md and pictures from the JSON files of a run.

FOLDER has peers.json, maybe peers-keeping-memory.json, and the output of `clfavor bench --json`:
series over lengths in bench-*.json, those of one length that goals.py asks for in goal-*.json.
Measures nothing: a report can be made again at any time.
"""
import argparse
import json
import sys
from pathlib import Path

from . import crossover, goals, plots
from .__main__ import SCHEMA

BENCH_SCHEMA = "clfavor-bench/1"

CAPTIONS = {
    "time": "Time a token; the dotted line is where clfavor passes PyTorch's exact attention",
    "memory": "Peak memory beyond libraries, q, k and v, the result included",
    "peak": "Fraction of the FMA peak",
}


def load(path: Path, schema: str) -> dict:
    document = json.loads(path.read_text())
    if document.get("schema") != schema:
        sys.exit(f"peers: {path} is not {schema} but {document.get('schema')}")
    return document


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def range_text(quartiles: dict[str, float]) -> str:
    return f"{quartiles['median']:.2f} ({quartiles['q1']:.2f} to {quartiles['q3']:.2f})"


def ratio_cell(record: dict) -> str:
    """A ratio, or why there is none."""
    if record["status"] == "skipped":
        return "–"
    if not record.get("ratio"):
        return f"{record['status']}: error {record['error']:.0e}" if record["status"] == "wrong" \
            else record["status"]
    mark = "*" if record["status"] == "slow" else ""
    return f"{record['ratio']['median']:.2f}{mark}"


def ratios(document: dict, causal: bool) -> str:
    records = [r for r in document["results"] if r["causal"] == causal]
    lengths = sorted({r["L"] for r in records})
    by_case = {(r["peer"], r["L"]): r for r in records}
    labels = {r["peer"]: r["label"] for r in records}
    return table(["", *(f"L={L}" for L in lengths)],
                 [[label, *(ratio_cell(by_case[peer, L]) for L in lengths)]
                  for peer, label in labels.items()])


def detail_row(record: dict) -> list[str]:
    error = "" if record["error"] is None else f"{record['error']:.1e}"
    row = [record["peer"], str(record["L"])]
    if "ms" not in record:
        return [*row, f"{record['status']}: {record['detail']}", "", "", error, "", ""]
    memory = record.get("memory")
    sizes = [f"{memory[key] / 2**20:.0f}" for key in ("beyond_bytes", "total_bytes")] \
        if memory else ["", ""]
    time = f"{record['ms']['median']:.2f}, {record['detail']}" if record["detail"] \
        else range_text(record["ms"])
    return [*row, time, f"{record['ms']['median'] * 1e3 / record['L']:.2f}",
            range_text(record["ratio"]) if record["ratio"] else "", error, *sizes]


def details(document: dict) -> str:
    return table(["peer", "L", "ms (quartiles)", "µs a token", "ratio (quartiles)", "error",
                  "MiB beyond q, k, v", "MiB of the process"],
                 [detail_row(record) for record in document["results"]])


def keeping_memory(folder: Path) -> str:
    """The ratios when freed memory is kept."""
    path = folder / "peers-keeping-memory.json"
    if not path.exists():
        return ""
    document = load(path, SCHEMA)
    rows = [[r["label"], "causal" if r["causal"] else "", ratio_cell(r)]
            for r in document["results"]]
    return f"""\
## With freed memory kept

glibc gives large tensors back to the system, which zeroes every page of them in every call. This is
the same at L = {document['results'][0]['L']} with MALLOC_MMAP_MAX_=0 and \
MALLOC_TRIM_THRESHOLD_=10^12, which no peer sets by itself: {document['rounds']} rounds, clfavor \
{document['versions']['clfavor']}.

{table(["", "", "time over clfavor's"], rows)}
"""


def write(document: dict, bench: dict[str, dict], drawn: list[str], folder: Path) -> None:
    shape, machine = document["shape"], document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    missing = "".join(f"- Not measured: {package}. {reason}\n"
                      for package, reason in document["missing"].items())
    crossovers = "".join(
        f"- {what}: {crossover.describe(document['results'], linear, exact)}\n"
        for what, linear, exact in crossover.PAIRS)
    pictures = "\n".join(f"![{CAPTIONS[name]}]({name}.png)\n\n{CAPTIONS[name]} "
                         f"([SVG]({name}.svg)).\n" for name in drawn)
    (folder / "README.md").write_text(f"""\
# clfavor and its peers, {document['date'][:10]}, {machine['cpu']}

[How this is measured, and how to read it](../../README.md).

- {machine['cpu']}, {machine['threads']} threads for everybody, {machine['system']}
- {versions}
- B=1, H={shape['H']}, D=E={shape['D']}, R={shape['R']}, {shape['dtype']}, \
{document['rounds']} rounds, seed {document['seed']}
{missing}
## Time over clfavor's, bidirectional

Medians of the ratios within a round; above 1 clfavor is faster. * one call, as it took more than \
{document['limit_seconds']:g} s; – longer lengths were then not tried.

{ratios(document, False)}
## Time over clfavor's, causal

{ratios(document, True)}
clfavor's FAVOR+ is the faster one from this length on:

{crossovers}
{pictures}
{keeping_memory(folder)}
## Goals

What the project set itself, at L = 4096 unless said.

{table(["", "goal", "measured"], goals.rows(goals.Run(bench, document["results"])))}
## All figures

Error: largest |out - fp64| / |fp64| of a row, against the formula of each peer with its own \
constants; above {document['tolerance']:g} no time is given.

{details(document)}""")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m peers.report", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    document = load(folder / "peers.json", SCHEMA)
    bench = {path.stem: load(path, BENCH_SCHEMA)
             for pattern in ("bench-*.json", "goal-*.json")
             for path in sorted(folder.glob(pattern))}
    series = [record for name in bench if name.startswith("bench-")
              for record in bench[name]["results"]]
    write(document, bench, plots.plot_all(document, series, folder), folder)


if __name__ == "__main__":
    main()
