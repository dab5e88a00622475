"""`clfavor tune` as its users see it: candidates that build badly, crash, hang and are wrong; what
is kept, gone on with, interrupted, killed, exported, taken in and forgotten; its messages.

    test_tune.py CLFAVOR KERNELS

Candidates go wrong by kernels that are broken for one value of a parameter (CLFAVOR_KERNEL_DIR).
Prints TAP.

Invariant: every folder of a user is one of this test's own.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLFAVOR, KERNELS = (os.path.abspath(path) for path in sys.argv[1:3])
SHAPE = ["--shape", "H=2,L=97,D=16,E=16,R=48"]

count = failures = 0
started = []


def tap(right, name, told=""):
    global count, failures
    count += 1
    failures += not right
    print(f"{'ok' if right else 'not ok'} {count} - {name}")
    if not right:
        print("".join(f"#   {line}\n" for line in str(told).splitlines()), end="", flush=True)


def one_of(text):
    """The one result of a search, and whether it was interrupted."""
    said = json.loads(text)
    return dict(said["results"][0], interrupted=said["interrupted"])


class User:
    """Somebody with folders of their own, and kernels that may be broken."""

    def __init__(self, name, kernels=None):
        self.data = os.path.abspath(name)
        self.folder = os.path.join(self.data, "clfavor")
        self.env = dict(os.environ, XDG_DATA_HOME=self.data)
        self.env.pop("CLFAVOR_KERNEL_DIR", None)
        if kernels:
            self.env["CLFAVOR_KERNEL_DIR"] = kernels

    def start(self, *words):
        search = subprocess.Popen([CLFAVOR, *words], env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(search)
        return search

    def run(self, *words, text=None):
        return subprocess.run([CLFAVOR, *words], env=self.env, input=text, capture_output=True,
                              text=True, check=False)

    def tune(self, *words):
        done = self.run("tune", "--json", *SHAPE, *words)
        return one_of(done.stdout) if done.returncode == 0 else {"failed": done.stderr}

    def path(self, name):
        return os.path.join(self.folder, name)

    def journal(self, torn=0):
        """All lines; as many as are torn are left out, whichever they are."""
        with open(self.path("journal.jsonl"), encoding="ascii") as file:
            lines = file.read().splitlines()
        whole = [line for line in lines if line.endswith("}")]
        if len(whole) < len(lines) - torn:
            raise ValueError("torn lines in the journal")
        return [json.loads(line) for line in whole]

    def results(self, torn=1):
        return [line for line in self.journal(torn)
                if "configuration" in line and not line["final"]]

    def database(self):
        with open(self.path("tuned.json"), encoding="ascii") as file:
            return json.load(file)


# Of a value of a parameter: what then happens in q_apply.cl, and what the tuner is to say of it.
PLANTED = {
    "project_rows=3": ("#if PR == 3\n#error planted\n#endif\n", "compile"),
    "project_rows=2": ("#if PR == 2\n*(volatile global int *)8 = rows;\n#endif\n", "runtime"),
    "project_rows=6": ("#if PR == 6\nvolatile int on = 1;\nwhile (on)\n    ;\n#endif\n",
                       "timeout"),
    "value_rows=3": ("#if UR == 3\nif (rows < TILE && t > 0)\n    den[0] *= 1.001f;\n#endif\n",
                     "correctness"),
    "value_rows=4": ("#if UR == 4\nnum[0] = NAN;\n#endif\n", "correctness"),
}
PLACE = "        clf_finish_denominators(den,"


def plant():
    shutil.copytree(KERNELS, "kernels")
    path = "kernels/wide/q_apply.cl"
    with open(path, encoding="ascii") as file:
        text = file.read()
    tap(text.count(PLACE) == 1, "the place for the bugs is there", text)
    bugs = "".join(bug for bug, _ in PLANTED.values())
    with open(path, "w", encoding="ascii") as file:
        file.write(text.replace(PLACE, bugs + PLACE))


def check_planted():
    plant()
    user = User("planted", os.path.abspath("kernels"))
    changes = list(PLANTED) + ["value_rows=6"]
    said = user.tune("--timeout", "20s", "--candidates", "; ".join(changes))
    tap(said.get("tried") == 6 and said.get("rejected") == 5, "five bad candidates are rejected",
        said)
    for change, result in zip(changes, user.results()):
        wanted = PLANTED[change][1] if change in PLANTED else "correct"
        tap(result["invalidity"] == wanted, f"{change}: {wanted}", result)
        if wanted != "correct":
            tap(result["message"] != "", f"{change}: the reason is kept", result)
            tap(not result["measurements"], f"{change}: no time counts", result)
    final = [result for result in user.database()["results"]]
    bad = [value for result in final for value in result["configuration"].items()
           if "%s=%s" % value in PLANTED]
    tap(len(final) == 1 and not bad, "none of them is in the database", final)


def state_of(process):
    """Its state and its parent; ("gone", 0) for one that is not there."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return "gone", 0
    return state, int(parent)


def workers_of(search):
    return [int(name) for name in os.listdir("/proc")
            if name.isdigit() and state_of(name)[1] == search.pid]


def is_gone(process):
    """Whether a process ends within ten seconds; nobody may be there to take it off the list."""
    for _ in range(100):
        if state_of(process)[0] in ("gone", "Z"):
            return True
        time.sleep(0.1)
    return False


def wait_for(user, lines):
    for _ in range(1200):
        if os.path.exists(user.path("journal.jsonl")) and len(user.results()) >= lines:
            return True
        time.sleep(0.1)
    return False


def check_going_on():
    user = User("steady")
    three = "tile_rows=24 vector_width=8; prefetch=off; packing=panels"
    first = user.tune("--candidates", three)
    tap(first.get("tried") == 3 and first.get("known") == 0, "three candidates", first)
    again = user.tune("--candidates", three)
    tap(again.get("tried") == 0 and again.get("known") == 3, "the second run knows them", again)
    with open(user.path("journal.jsonl"), "a", encoding="ascii") as file:
        file.write('{"timestamp": "2026-01-01T00:0')
    more = user.tune("--candidates", three + "; project_rows=6")
    tap(more.get("tried") == 1 and more.get("known") == 3, "after a torn line it goes on", more)

    user = User("hasty")
    search = user.start("tune", "--json", *SHAPE, "--budget", "10m")
    tap(wait_for(user, 2), "a search adds to the journal")
    search.send_signal(signal.SIGINT)
    out, err = search.communicate(timeout=120)
    said = one_of(out) if search.returncode == 0 else {"failed": err}
    tap(said.get("interrupted") is True and said["tried"] == len(user.results(torn=0)) >= 2,
        "an interrupt keeps what was found", said)
    tap([result["final"] for result in user.database()["results"]] == [True],
        "and what was decided", user.database())

    search = user.start("tune", "--json", *SHAPE, "--budget", "10m", "--exhaustive")
    wait_for(user, len(user.results()) + 1)
    before = len(user.results())
    workers = workers_of(search)
    search.kill()
    search.communicate()
    tap(workers and all(map(is_gone, workers)), "a killed search leaves no process behind", workers)
    kept = user.results(torn=1)
    tap(len(kept) >= before, "nor spoils the journal", kept)
    again = " ".join("%s=%s" % item for item in kept[before - 1]["configuration"].items())
    known = user.tune("--candidates", again)
    tap(known.get("known") == 1 and known["tried"] == 0, "and the next goes on", known)


def plan_of(user):
    done = user.run("bench", "--json", "--lengths", "97", "--heads", "2", "--head-size", "16",
                    "--features", "48", "--rounds", "1", "--no-stages")
    return json.loads(done.stdout)["results"][0]["plan"].split() if done.stdout else [done.stderr]


def import_text(user, text):
    return user.run("tune", "--import", "-", text=text)


def check_exchange():
    maker, taker = User("maker"), User("taker")
    tap("tuned_by=default" in plan_of(taker), "untuned: the default", plan_of(taker))
    maker.tune("--candidates", "prefetch=off")
    exported = maker.run("tune", "--export")
    results = json.loads(exported.stdout)
    entry = results["results"][0]
    entry["configuration"] = {"vector_width": 8, "tile_rows": 24, "prefetch": "off"}
    done = import_text(taker, json.dumps(results))
    tap(done.returncode == 0 and "1 result taken" in done.stdout, "an export is taken in",
        done.stdout + done.stderr)
    plan = plan_of(taker)
    tap({"tuned_by=user", "vector_width=8(user)", "tile_rows=24(user)"} <= set(plan),
        "and used, by name", " ".join(plan))

    entry["key"]["kernels"] = "0" * 32
    changed = User("changed")
    import_text(changed, json.dumps(results))
    plan = plan_of(changed)
    tap({"tuned_by=user_hint", "tile_rows=24(user_hint)"} <= set(plan),
        "of other kernels it is a hint", " ".join(plan))

    for member, value in (("tile_rows", 47), ("vector_width", "8"), ("path", "../../x"),
                          ("segments", -1)):
        bad = json.loads(json.dumps(results))
        bad["results"][0]["configuration"] = {member: value}
        done = import_text(User("refusing"), json.dumps(bad))
        tap(done.returncode == 2 and member in done.stderr,
            f"import of {member}={value} is refused", done.stdout + done.stderr)
    done = import_text(User("refusing"), "no JSON")
    tap(done.returncode == 2 and done.stderr, "and of no JSON", done.stderr)

    tap(taker.run("tune", "--reset").returncode == 0, "reset")
    tap("tuned_by=default" in plan_of(taker), "then it is as before", plan_of(taker))
    empty = json.loads(taker.run("tune", "--export").stdout)
    tap(empty["results"] == [], "and nothing is to be exported", empty)


def check_lines():
    user = User("lines")
    done = user.run("tune", "--json", "--lines", "one-row", "--candidates", "tile_rows=48")
    said = json.loads(done.stdout)["results"] if done.returncode == 0 else []
    tap([one["line"] for one in said] == ["one-row"], "the line of a name", done.stderr)
    done = user.run("tune", "--json", "--lines", "row", "--candidates", "tile_rows=48")
    said = json.loads(done.stdout)["results"] if done.returncode == 0 else []
    tap([(one["line"], one["L"], one["known"]) for one in said]
        == [("one-row", 1, 1), ("one-row-causal", 1, 0)], "lines one after the other", done.stderr)


def check_messages():
    user = User("asking")
    for words, text in (
        (["--budget", "x"], "--budget 'x' is no time"),
        (["--budget", "0s"], "--budget '0s' is no time"),
        (["--timeout", "5 m"], "--timeout '5 m' is no time"),
        (["--shape", "X=3"], "'X=3' is none of B, H, Hkv, L, S, D, E, R"),
        (["--shape", "L=0"], "'L=0' is no size"),
        (["--shape", "L=9,D=5000", "--path", "fused"], "D=5000"),
        (["--class", "toaster"], "toaster"),
        (["--candidates", "tile_rows=50"], "tile_rows=50"),
        (["--candidates", "speed=9"], "'speed=9'"),
        (["--candidates", "value_vectors=8"], "value_vectors=8"),
        (["--candidates", "prefetch=off; tile_rows=50"], "tile_rows=50"),
        (["--candidates", "packing=rows", "--exhaustive"],
         "--candidates does not go with --exhaustive"),
        (["--lines", "nonsense"], "--lines 'nonsense' is in no line's name"),
        (["--lines", "all", "--causal"], "--lines does not go with --causal"),
        (["--lines", "all", "--dtype", "f16"], "--lines does not go with --dtype"),
        (["--path", "clblast"], "path=clblast: CLBlast has its own tuning"),
        (["--export", "--reset"], "--reset does not go with --export"),
        (["--export", "--budget", "3s"], "--export does not go with --budget"),
        (["--reset", "--timeout", "3s"], "--reset does not go with --timeout"),
    ):
        done = user.run("tune", *words)
        tap(done.returncode == 2 and text in done.stderr and done.stderr.count("\n") == 1,
            "tune " + " ".join(words), f"{done.returncode}: {done.stderr}")
    tap(not os.path.exists(user.folder), "nothing was written for them")
    done = user.run("tune", "--import", "/nonexistent")
    tap(done.returncode == 8 and "/nonexistent" in done.stderr,
        "import of a file that is not there", done.stderr)
    os.mkdir("shut", 0o700)
    os.symlink(os.path.abspath("asking"), "shut/clfavor")
    done = User("shut").run("tune", *SHAPE, "--candidates", "prefetch=off")
    tap(done.returncode == 8 and "shut/clfavor" in done.stderr,
        "a folder that is a link is refused", done.stderr)


def main():
    folder = tempfile.mkdtemp(prefix="clfavor-tune-")
    os.chdir(folder)
    try:
        for check in (check_planted, check_going_on, check_exchange, check_lines, check_messages):
            check()
    finally:
        for search in started:
            search.kill()
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
    print(f"1..{count}")
    return failures > 0


sys.exit(main())
