"""`python -m peers`: checks, times and weighs all peers, and writes peers.json."""
import argparse
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

from . import machine, memory, registry, rounds
from .problem import Problem, Shape

SCHEMA = "clfavor-peers/1"
LENGTHS = "512,768,1024,2048,4096,8192,16384,65536"


def positive(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1 << 20:
        raise argparse.ArgumentTypeError(f"{text} is not in 1 .. {1 << 20}")
    return value


def even(text: str) -> int:
    value = positive(text)
    if value % 2:
        raise argparse.ArgumentTypeError(f"{text} is odd; peers with pairs of features need R even")
    return value


def lengths(text: str) -> list[int]:
    return sorted({positive(part) for part in text.split(",")})


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m peers", description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--lengths", type=lengths, metavar="L,L,..", default=LENGTHS, help="queries, and keys")
    add("--heads", type=positive, metavar="H", default=8, help="heads")
    add("--head-size", type=positive, metavar="D", default=64, help="head and value size")
    add("--features", type=even, metavar="R", default=256, help="features")
    add("--rounds", type=positive, metavar="N", default=11, help="samples of each case")
    add("--seed", type=int, metavar="N", default=0, help="of q, k, v and the projection")
    add("--peers", metavar="NAME,..", default="all",
        help="names of --list; clfavor and clfavor-causal, which ratios are to, come along")
    add("--no-memory", action="store_true", help="leave the processes that measure memory away")
    add("--output", type=Path, metavar="FILE", default=Path("peers.json"), help="where to")
    add("--list", action="store_true", help="name the peers, and those that are missing")
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error(f"--seed {options.seed} is negative")
    return options


def choose(available: registry.Registry, names: str) -> list:
    """Peers in the order of the registry."""
    if names == "all":
        return list(available.peers.values())
    wanted = set(names.split(",")) | set(rounds.BASELINES.values())
    unknown = wanted - available.peers.keys()
    if unknown:
        sys.exit(f"peers: no peer {', '.join(sorted(unknown))}; there are: "
                 f"{', '.join(available.peers)}")
    return [peer for name, peer in available.peers.items() if name in wanted]


def weigh(records: list[dict], available: registry.Registry, options: argparse.Namespace) -> None:
    """Adds the memory of every case that has a time."""
    for record in records:
        if "ms" in record:
            rounds.say(f"memory of {record['peer']} at L={record['L']}")
            shape = Shape(record["L"], options.heads, options.head_size, options.features)
            record["memory"] = memory.measure(available.package[record["peer"]], record["peer"],
                                              shape, options.seed)


def write(document: dict, path: Path) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n")


def main() -> None:
    options = parse()
    available = registry.load()
    if "clfavor" in available.missing:
        sys.exit(f"peers: {available.missing['clfavor']}")
    for package, reason in available.missing.items():
        rounds.say(f"without {package}: {reason}")
    if options.list:
        print("\n".join(available.peers))
        return
    peers = choose(available, options.peers)
    problems = [Problem(Shape(L, options.heads, options.head_size, options.features), options.seed)
                for L in options.lengths]
    cases = rounds.prepare_all(peers, problems)
    rounds.measure(cases, options.rounds)
    records = rounds.results(cases)
    document = {
        "schema": SCHEMA,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": available.versions,
        "missing": available.missing,
        "shape": {"B": 1, "H": options.heads, "D": options.head_size, "E": options.head_size,
                  "R": options.features, "dtype": "f32"},
        "rounds": options.rounds,
        "seed": options.seed,
        "tolerance": rounds.TOLERANCE,
        "limit_seconds": rounds.LIMIT_SECONDS,
        "results": records,
    }
    write(document, options.output)  # the memory takes long, and times are not to be lost with it
    if not options.no_memory:
        weigh(records, available, options)
        write(document, options.output)


if __name__ == "__main__":
    main()
