#!/usr/bin/env python3
"""store_trials.py STORE_TRIAL: the library's own files, whatever their system calls do.

An operation of store_trial.c is run again and again: killed at its 1st, 2nd, .. system call and
half-way through each write, then with each call failing, once or from then on. After each run a
reader must find the old contents or the new ones, never a part of them, and the next run must
succeed. Then eight processes at once do the same thing in one folder, killed or not.

To try another operation, give store_trial.c a row for it and OPERATIONS below a class."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

FEWEST_KILLS = 200
PROCESSES = 8
# Errors that come once, and errors that stay.
ONCE = ["ENOSPC", "EIO", "EACCES", "EINTR", "short"]
FROM_THEN_ON = ["ENOSPC", "EROFS"]
FAILED, WRONG = 1, 3  # exit codes of store_trial
STORE_TRIAL = os.path.abspath(sys.argv[1])
KILLED = -signal.SIGKILL


class Broken(Exception):
    """A promise that was not kept."""


def demand(condition, what):
    if not condition:
        raise Broken(what)


class Place:
    """A folder of its own for both kinds of store."""

    def __init__(self):
        self.all = pathlib.Path(tempfile.mkdtemp(prefix="clfavor-test-"))
        self.root = self.all / "home"
        self.root.mkdir()
        self.folder = self.root / "clfavor"
        self.env = {"POCL_CACHE_DIR": str(self.all / "pocl"),  # that of PoCL must not be cold
                    **os.environ, "XDG_CACHE_HOME": str(self.root),
                    "XDG_DATA_HOME": str(self.root)}

    def clear(self):
        shutil.rmtree(self.root)
        self.root.mkdir()

    def put(self, files):
        """A folder with these files (None: no folder) and nothing else."""
        self.clear()
        if files is None:
            return
        self.folder.mkdir(mode=0o700)
        for name, text in files.items():
            (self.folder / name).write_bytes(text)

    def start(self, command, fault=None, pieces=None):
        env = dict(self.env)
        if fault:
            env["STORE_FAULT"] = fault
        if pieces:
            env["STORE_PIECES"] = str(pieces)
        return subprocess.Popen([STORE_TRIAL, *command], env=env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run(self, command, fault=None, pieces=None):
        """The exit code, standard output and standard error."""
        process = self.start(command, fault, pieces)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def names(self, begin="", end=""):
        return [name for name in self.files() if name.startswith(begin) and name.endswith(end)]

    def files(self):
        """What is in the folder: the bytes of each name."""
        if not self.folder.exists():
            return {}
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}


class Operation:
    """A command, and how its folder is before it. `errors`: those that come once, and those that
    stay, as far as they are tried."""

    def __init__(self, name, command, pieces=None, errors=(ONCE, FROM_THEN_ON)):
        self.name, self.command, self.pieces, self.errors = name, command, pieces, errors
        self.before = None

    def prepare(self, place):
        """Finds out self.before, and may do more that is done once."""

    def check_order(self, names):
        """What of the order of its calls no kill can show: a disk loses power, too."""


def check_temporary(place, code, fault):
    """A killed process may leave one, and one that can no longer remove a file."""
    left = place.names(".tmp")
    demand(len(left) <= (code == KILLED or fault.endswith("+")), f"left over: {left}")


class Replace(Operation):
    """A file changes from what another command made (None: there is none) to what this one makes,
    or not at all. `reader`: a command that prints what is in it."""

    def __init__(self, name, before, command, reader=None, **more):
        super().__init__(name, command, **more)
        self.first, self.reader = before, reader

    def make(self, place, command):
        code, _, err = place.run(command)
        demand(code == 0, err)
        if self.reader:
            code, out, err = place.run(self.reader)
            right = "binary " + " ".join(command[1:])
            demand(code == 0 and out.startswith(right), f"{out} {err:.200}")
        return place.files()

    def prepare(self, place):
        place.clear()
        self.before = self.make(place, self.first) if self.first else None
        self.after = self.make(place, self.command)
        demand(len(self.after) == 1 and self.after != self.before, "nothing to see")

    def check_order(self, names):
        calls = " ".join(names)
        demand(re.search(r"\bwrite( write)* fsync close renameat fsync\b", calls), calls)

    def check(self, place, code, fault):
        found = {n: b for n, b in place.files().items() if not n.startswith(".tmp")}
        demand(found in (self.before or {}, self.after), f"torn: {found!r:.200}")
        demand(code != 0 or found == self.after, "it said that it had succeeded")
        demand(code != FAILED or found == (self.before or {}), "it said that it had failed")
        check_temporary(place, code, fault)

    def check_again(self, place, code, err):
        """After a clean run that followed."""
        (name, text), = self.after.items()
        demand(code == 0 and place.files()[name] == text, f"the next run: {err:.200}")


class Append(Operation):
    """A file has the old text, and the new line after it, or a part of that at its very end."""

    def __init__(self, name, before, line, **more):
        super().__init__(name, ["append", "file", line], **more)
        self.old = before
        self.before = {"file": before} if before else None
        unfinished = before and not before.endswith(b"\n")
        self.line = line.encode() + b"\n"
        self.added = (b"\n" if unfinished else b"") + self.line

    def check_order(self, names):
        calls = " ".join(names)
        demand(re.search(r"\bflock write( write)* fsync close\b", calls), calls)

    def check(self, place, code, fault):
        found = place.files().get("file", b"")
        demand(found.startswith(self.old), f"the old text is lost: {found!r:.200}")
        demand(self.added.startswith(found[len(self.old):]), f"another text: {found!r:.200}")
        demand(code != 0 or found == self.old + self.added, "it said that it had succeeded")
        self.found = found

    def check_again(self, place, code, err):
        ended = self.found + (b"\n" if self.found and not self.found.endswith(b"\n") else b"")
        found = place.files()["file"]
        demand(code == 0 and found == ended + self.line, f"the next run: {err:.200}")


class Attend(Operation):
    """Attention with its program kept on disk is right in any case."""

    def __init__(self, name, warm):
        super().__init__(name, ["attend"], errors=(["EIO"], []) if warm else ([], ["ENOSPC"]))
        self.warm = warm

    def prepare(self, place):
        place.clear()
        code, _, err = place.run(["attend"])
        demand(code == 0, err)
        self.before = place.files() if self.warm else None

    def check(self, place, code, fault):
        demand(code in (0, KILLED), f"exit code {code}")
        check_temporary(place, code, fault)

    def check_again(self, place, code, err):
        demand(code == 0, err)
        code, _, err = place.run(["attend"])
        demand(code == 0 and err.count(": taken") == 1, f"nothing was taken: {err}")
        demand(len(place.names(end=".bin")) == 1, "not one file")


FEW = (["ENOSPC", "short"], [])
HOST_OPERATIONS = [
    Replace("replace, no folder", None, ["replace", "file", "b", "3000"]),
    Replace("replace", ["replace", "file", "a", "2000"], ["replace", "file", "b", "3000"]),
    Replace("replace in pieces", ["replace", "file", "a", "2000"], ["replace", "file", "b", "1500"],
            pieces=50, errors=FEW),
    Append("append, no folder", b"", "one line"),
    Append("append", b"first\nsecond\n", "one line"),
    Append("append in pieces", b"first\n", "l" * 200, pieces=9, errors=FEW),
    Append("append to a part of a line", b"first\nsec", "one line", pieces=2, errors=FEW),
    Replace("keep, no folder", None, ["keep", "b", "3000"], reader=["kept"]),
    Replace("keep", ["keep", "a", "2000"], ["keep", "b", "3000"], reader=["kept"]),
    Replace("keep in pieces", ["keep", "a", "2000"], ["keep", "b", "1500"], reader=["kept"],
            pieces=50, errors=FEW),
]
DEVICE_OPERATIONS = [Attend("attend, cold", False), Attend("attend, warm", True)]


def calls_of(place, command, pieces=None):
    """The names of the calls of a clean run."""
    _, out, err = place.run(command, pieces=pieces)
    demand("calls " in out, err)
    return out[out.index("calls "):].replace("64", "").split()[1:]


def trial(place, operation, fault):
    """One run with a fault and one without. Returns the exit code of the first."""
    try:
        place.put(operation.before)
        code, _, err = place.run(operation.command, fault, operation.pieces)
        demand(code in (0, FAILED, KILLED), f"exit code {code}: {err}")
        demand(code != FAILED or err.startswith("1 "), f"a failure without a message: {err}")
        operation.check(place, code, fault)
        code_again, _, err = place.run(operation.command)
        operation.check_again(place, code_again, err)
    except Broken as broken:
        raise Broken(f"{operation.name}, {fault}: {broken}") from None
    return code


def try_faults(place, operation):
    """All faults of one operation. Returns how often it was killed, and how many errors it met."""
    operation.prepare(place)
    place.put(operation.before)
    names = calls_of(place, operation.command, operation.pieces)
    operation.check_order(names)
    calls = len(names)
    kills = errors = 0
    for n in range(1, calls + 2):
        code = trial(place, operation, f"kill:{n}")
        demand((code == KILLED) == (n <= calls), f"{operation.name}: kill:{n} gave {code}")
        kills += code == KILLED
    for n in [n for n in range(1, calls + 1) if names[n - 1] == "write"]:
        demand(trial(place, operation, f"half:{n}") == KILLED, f"half:{n} did nothing")
        kills += 1
    once, from_then_on = operation.errors
    for n in range(1, calls + 1):
        for fault in [f"{name}:{n}" for name in once] + [f"{name}:{n}+" for name in from_then_on]:
            code = trial(place, operation, fault)
            harmless = fault == f"short:{n}" or (fault == f"EINTR:{n}" and
                                                 names[n - 1] in ("read", "write", "flock"))
            demand(code == 0 or (code == FAILED and not harmless),
                   f"{operation.name}, {fault} at {names[n - 1]}: exit code {code}")
            errors += 1
    print(f"{operation.name}: {calls} calls, {kills} kills, {errors} errors", flush=True)
    return kills, errors


def together(place, commands, faults):
    """Runs one command for each fault at once. Returns the exit codes."""
    processes = [place.start(c, fault) for c, fault in zip(commands, faults)]
    results = [process.communicate(timeout=300) for process in processes]
    for process, (_, err) in zip(processes, results):
        demand(process.returncode in (0, KILLED), f"exit code {process.returncode}: {err}")
    return [process.returncode for process in processes]


def try_lines_together(place):
    """Lines of eight processes, half of which are killed within theirs, again and again."""
    place.put({"file": b"first\n"})
    n = calls_of(place, ["append", "file", "line"]).index("write") + 1
    kills, whole = 0, set()
    for turn in range(10):
        lines = [f"{turn} {i} " + "abcdefgh"[i] * (20 + 10 * i) for i in range(PROCESSES)]
        codes = together(place, [["append", "file", line] for line in lines],
                         [None if i % 2 else f"half:{n}" for i in range(PROCESSES)])
        demand(codes == PROCESSES // 2 * [KILLED, 0], f"exit codes {codes}")
        kills += codes.count(KILLED)
        whole |= set(lines[1::2])
        found = place.files()["file"].decode().split("\n")
        demand(all(found.count(line) == 1 for line in whole), "a line is lost or torn")
    print(f"append, {PROCESSES} processes at once: {len(whole)} lines, {kills} kills", flush=True)
    return kills


def try_programs_together(place):
    """Eight processes on one cold cache; then with each killed at another place, five times."""
    kills = 0
    for killed in [False] + 5 * [True]:
        place.clear()
        faults = [f"kill:{2 * i + 4}" if killed else None for i in range(PROCESSES)]
        codes = together(place, PROCESSES * [["attend"]], faults)
        kills += codes.count(KILLED)
        demand(killed or place.names() == place.names(end=".bin"), "a temporary file is left")
        demand(killed or len(place.names()) == 1, f"not one file: {place.names()}")
        code, _, err = place.run(["attend"])
        demand(code == 0, err)
        demand(killed or ": taken" in err, f"nothing was taken: {err}")
        demand("not there" in err or "program cache" in err and ": taken" in err,
               f"something else than a whole file was there: {err}")
    print(f"attend, {PROCESSES} processes at once: 6 times, {kills} kills", flush=True)
    return kills


def main():
    place = Place()
    kills = errors = 0
    try:
        device, _, message = place.run(["attend"])
        for operation in HOST_OPERATIONS:
            k, e = try_faults(place, operation)
            kills, errors = kills + k, errors + e
        kills += try_lines_together(place)
        if device != 0:
            print(f"attend does not work: {message}")
            sys.exit(77 if os.environ.get("CLFAVOR_ALLOW_NO_DEVICE") == "1" else 1)
        for operation in DEVICE_OPERATIONS:
            k, e = try_faults(place, operation)
            kills, errors = kills + k, errors + e
        kills += try_programs_together(place)
        print(f"{kills} kills, {errors} errors")
        demand(kills >= FEWEST_KILLS, f"{kills} kills, wanted are {FEWEST_KILLS}")
    except Broken as broken:
        sys.exit(str(broken))
    finally:
        shutil.rmtree(place.all)


main()
