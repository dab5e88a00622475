"""The pictures: time a token, memory, and the fraction of the FMA peak.

Invariant: a peer has the same colour, dash and marker in every picture. Colours are those of Okabe
and Ito, which colour-blind readers can tell apart; dashes and markers tell them apart in grey.
"""
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullLocator  # noqa: E402

from .crossover import always_faster, crossover, medians  # noqa: E402


class Look(NamedTuple):
    colour: str
    dash: str
    marker: str


VERMILLION, BLUE, SKY, GREEN = "#D55E00", "#0072B2", "#56B4E9", "#009E73"
PURPLE, ORANGE, BLACK = "#CC79A7", "#E69F00", "#000000"

# By label, in the order of the legend: clfavor is vermillion, exact attention is dotted.
LOOKS = {
    "clfavor": Look(VERMILLION, "-", "o"),
    "clfavor, cosh": Look(VERMILLION, "--", "s"),
    "clfavor, exact": Look(VERMILLION, ":", "D"),
    "PyTorch, compiled": Look(SKY, "-", "^"),
    "PyTorch": Look(BLUE, "-", "v"),
    "JAX, jit": Look(PURPLE, "-", "P"),
    "performer-pytorch": Look(GREEN, "-", "X"),
    "fast-transformers, cosh": Look(ORANGE, "--", "*"),
    "PyTorch, exact (SDPA)": Look(BLACK, ":", "d"),
}

STYLE = {
    "font.size": 10,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.fonttype": "none",  # letters stay text, and the file small
    "svg.hashsalt": "clfavor",
}
MODES = ((False, "Bidirectional"), (True, "Causal"))


def save(figure, folder: Path, name: str) -> None:
    for suffix, metadata in (("png", {}), ("svg", {"Date": None})):
        figure.savefig(folder / f"{name}.{suffix}", dpi=150, metadata=metadata)
    plt.close(figure)


def length_axis(axes: Axes, lengths: Iterable[int]) -> None:
    """Powers of two are labelled, from 1024 on as 1k, 2k, 4k."""
    marks = sorted(L for L in set(lengths) if L & (L - 1) == 0) or sorted(set(lengths))
    axes.set_xscale("log")
    axes.set_xticks(marks, [f"{L // 1024}k" if L % 1024 == 0 else str(L) for L in marks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("length L (tokens)")


def plain_numbers(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))


def curves(axes: Axes, results: list[dict], causal: bool, value) -> None:
    """A line for each label; `value` of a record, or None to leave it out."""
    for label, look in LOOKS.items():
        points = [(r["L"], value(r)) for r in results
                  if r["label"] == label and r["causal"] == causal and value(r) is not None]
        if points:
            axes.plot(*zip(*points), color=look.colour, linestyle=look.dash, marker=look.marker,
                      label=label, markersize=5, linewidth=2 if label == "clfavor" else 1.4,
                      zorder=4 if label == "clfavor" else 3)


def panels(results: list[dict], value, title: str, unit: str):
    """Bidirectional and causal side by side, with one legend below."""
    figure, both = plt.subplots(1, 2, figsize=(10, 5.4), sharey=True, layout="constrained")
    for axes, (causal, mode) in zip(both, MODES):
        curves(axes, results, causal, value)
        length_axis(axes, (r["L"] for r in results))
        plain_numbers(axes)
        axes.set_title(mode)
    both[0].set_ylabel(unit)
    figure.suptitle(title)
    handles = {label: handle for axes in both
               for handle, label in zip(*axes.get_legend_handles_labels())}
    shown = [label for label in LOOKS if label in handles]
    figure.legend([handles[label] for label in shown], shown, loc="outside lower center", ncols=4)
    return figure, both


def mark_crossover(axes: Axes, results: list[dict], linear: str, exact: str) -> None:
    times, others = medians(results, linear), medians(results, exact)
    if always_faster(times, others):
        axes.annotate("clfavor faster than SDPA at all of these lengths", (0.02, 0.02),
                      xycoords="axes fraction", fontsize=9, color="#444444")
    L = crossover(times, others)
    if L is None:
        return
    axes.axvline(L, color="#777777", linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    axes.annotate(f"clfavor faster than SDPA from L = {L:.0f}", (L, 0.02), xytext=(5, 0),
                  xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=9,
                  color="#444444")


def plot_time(document: dict, folder: Path) -> None:
    results = document["results"]
    figure, both = panels(
        results, lambda r: r["ms"]["median"] * 1e3 / r["L"] if "ms" in r else None,
        f"Time a token, {shape_text(document)}", "µs a token")
    both[0].set_ylim(bottom=both[0].get_ylim()[0] / 1.5)  # a line of text below the curves
    mark_crossover(both[0], results, "clfavor", "sdpa")
    mark_crossover(both[1], results, "clfavor-causal", "sdpa-causal")
    save(figure, folder, "time")


def plot_memory(document: dict, folder: Path) -> None:
    figure, _ = panels(
        document["results"],
        lambda r: r["memory"]["beyond_bytes"] / 2**20 if r.get("memory") else None,
        f"Peak memory beyond q, k and v, {shape_text(document)}", "MiB")
    save(figure, folder, "memory")


def shape_text(document: dict) -> str:
    shape = document["shape"]
    return f"H={shape['H']}, D=E={shape['D']}, R={shape['R']}, {document['machine']['cpu']}"


STAGE_LOOKS = [Look(colour, "-", marker) for colour, marker in
               zip((BLUE, ORANGE, GREEN, PURPLE, SKY), "v^sDP")]


def series(record: dict) -> tuple[bool, bool, str]:
    """What a result of `clfavor bench` is about, in the order of the panels: exp comes first,
    exact attention last."""
    exact = record["path"] == "exact"
    kind = "exact" if exact else record["kind"]
    return exact, kind != "exp", f"{kind}, {MODES[record['causal']][1].lower()}"


def plot_peak(records: list[dict], folder: Path) -> None:
    """A panel for each series of `clfavor bench --json`, a line for each stage of it."""
    panels_of = sorted(set(map(series, records)))
    stages = [s for s in dict.fromkeys(r["stage"] for r in records) if s != "total"]
    looks = {"total": Look(VERMILLION, "-", "o"),
             **{stage: STAGE_LOOKS[i % len(STAGE_LOOKS)] for i, stage in enumerate(stages)}}
    width = 1.6 + 2.9 * len(panels_of)
    figure, grid = plt.subplots(1, len(panels_of), figsize=(width, 4.4), sharey=True,
                                squeeze=False, layout="constrained")
    handles = {}
    for axes, what in zip(grid[0], panels_of):
        here = [r for r in records if series(r) == what]
        for stage, look in looks.items():
            points = sorted((r["L"], r["fraction_of_peak"]) for r in here
                            if r["stage"] == stage and r["fraction_of_peak"] is not None)
            if points:
                handles[stage], = axes.plot(*zip(*points), color=look.colour, linestyle=look.dash,
                                            marker=look.marker, markersize=5,
                                            linewidth=2 if stage == "total" else 1.4)
        length_axis(axes, (r["L"] for r in here))
        axes.set_ylim(0, 1)
        axes.set_title(what[-1])
    grid[0][0].set_ylabel("fraction of the FMA peak")
    figure.suptitle("clfavor against the FMA peak of the same moment")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
    save(figure, folder, "peak")


def plot_all(document: dict, bench: list[dict], folder: Path) -> list[str]:
    """Draws what there is data for and returns the names."""
    drawn = ["time"]
    with plt.rc_context(STYLE):
        plot_time(document, folder)
        if any(r.get("memory") for r in document["results"]):
            plot_memory(document, folder)
            drawn.append("memory")
        if bench:
            plot_peak(bench, folder)
            drawn.append("peak")
    return drawn
