"""clinfo-probe as its users see it: its output, messages and exit codes, and JSON by its schema.

    test_probe.py usage|device PROBE CLFAVOR SCHEMA MANPAGE NAME=DRIVER...

Each row of a table is a call, its environment, and what is to come of it. `usage` needs no device:
its drivers are fake ones that refuse work, crash, hang or leave (bad_driver.c, fake_driver.c).
Prints TAP. Without a device `device` fails, or is skipped when CLFAVOR_ALLOW_NO_DEVICE=1.

Invariant: only `device` calls the drivers of the system.
"""

import copy
import json
import os
import re
import socket
import subprocess
import sys
import tempfile

import schema as checker

MODE, PROBE, CLFAVOR, SCHEMA, MANPAGE = sys.argv[1:6]
DRIVERS = dict(word.split("=", 1) for word in sys.argv[6:])
PROBE, CLFAVOR = os.path.abspath(PROBE), os.path.abspath(CLFAVOR)
NONE = {"OCL_ICD_VENDORS": "/nonexistent"}
JSON, RAW, FITS = "json", "raw", "fits"  # what the output is to be

count = failures = 0


def tap(right, name, told=""):
    global count, failures
    count += 1
    failures += not right
    print(f"{'ok' if right else 'not ok'} {count} - {name}")
    if not right:
        print("".join(f"#   {line}\n" for line in str(told).splitlines()), end="", flush=True)


def write(path, text, mode=0o644):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, mode)


def fixtures():
    """Folders for OCL_ICD_VENDORS and LD_LIBRARY_PATH, and programs in the place of clfavor."""
    for folder in ("empty", "garbage", "blank", "missing", "mixed", "no-loader"):
        os.mkdir(folder)
    write("text", "not a library\n")
    write("garbage/a.icd", os.path.abspath("text") + "\n")
    write("blank/a.icd", "\n")
    write("missing/a.icd", "libnothing-of-that-name.so\n")
    write("mixed/a.icd", DRIVERS["crash_platforms"] + "\n")
    write("mixed/b.icd", DRIVERS["refuses"] + "\n")
    write("no-loader/libOpenCL.so.1", "no library\n" * 100)
    write("no-loader/libOpenCL.so", "no library\n" * 100)
    kernel = {"file": "a.cl", "built": True, "first_ms": 2.5, "second_ms": 1.0,
              "work_group_limit": 64, "preferred_multiple": 8, "local_bytes": "0",
              "private_bytes": "0", "binary_bytes": None, "log": None}
    answers = {
        "kernels": {"schema": "clfavor-kernels/1", "kernels": [kernel]},
        "right": {"cases": [{"right": True, "left_out": False}], "worst_err_tau": 0.25,
                  "worst": "a case"},
        "wrong": {"cases": [{"right": False, "left_out": False}], "worst_err_tau": 4.0,
                  "worst": "a case"},
    }
    # A driver's own words come first, as they do.
    script = ("#!/bin/sh\nif [ $1 = kernels ]; then\necho noise\ncat <<'END'\n%s\nEND\nexit %d\n"
              "fi\n%s\n")
    kernels = json.dumps(answers["kernels"], indent=2)
    for name, code, rest in (
        ("tool-right", 0, "cat <<'END'\n%s\nEND" % json.dumps(answers["right"], indent=2)),
        ("tool-wrong", 0, "cat <<'END'\n%s\nEND\nexit 1" % json.dumps(answers["wrong"], indent=2)),
        ("tool-crash", 0, "kill -SEGV $$"),
        ("tool-hang", 0, "exec sleep 100"),
        ("tool-fail", 0, "echo no memory >&2\nexit 7"),
        ("tool-no-kernels", 7, ""),
    ):
        write(name, script % (kernels, code, rest), 0o755)
    write("tool-broken-kernels", "#!/bin/sh\nkill -ABRT $$\n", 0o755)


def run(args, environment, stdout=subprocess.PIPE):
    """The exit code, standard output and standard error of the probe."""
    called = subprocess.run([PROBE, *args.split()], env={**os.environ, **environment},
                            stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=500,
                            check=False)
    return called.returncode, called.stdout or "", called.stderr


def problems_of(document):
    with open(SCHEMA, encoding="ascii") as file:
        root = json.load(file)
    return list(checker.check(document, root, root))


def find_wrong(kind, out):
    """What is wrong with the form of an output."""
    if kind == JSON:
        return problems_of(json.loads(out))
    if kind == RAW:
        return [line for line in out.splitlines()
                if not re.match(r"(\[\d+/\d+\] )?[\w.]+: .", line)]
    return [line for line in out.splitlines()
            if len(line) > 80 or not line.isascii() or line != line.rstrip()]


def check_case(name, args, environment, code, expected="", message=None, kind=FITS):
    """A call; `expected` is in the output, `message` in standard error, else that is empty."""
    told = run(args, environment)
    wrong = [] if told[0] != code and not told[1] else find_wrong(kind, told[1])
    silent = message is None and not told[2]
    # Where a line breaks depends on how long the paths of the build are.
    texts = [told[1], " ".join(told[1].split())]
    found = any(re.search(expected, text, re.S) for text in texts)
    right = told[0] == code and not wrong and found and (
        silent or (message is not None and message in told[2]))
    what = f"exit code {told[0]} for {code}, {expected!r}"
    tap(right, name, "\n".join([what, *wrong, *told[1:]]))


def usage_cases():
    """(name, arguments, environment, exit code, pattern of the output, message, form)"""
    for name, args, message in (
        ("unknown option", "--zz", "unknown option '--zz'"),
        ("unknown letter", "-x", "unknown option '-x'"),
        ("a word too many", "more", "unexpected argument 'more'"),
        ("no argument", "--timeout", "--timeout needs an argument"),
        ("timeout 0", "--timeout 0", "--timeout '0' is not a whole number from 1 to 3600"),
        ("timeout 1x", "--timeout 1x", "--timeout '1x' is not"),
        ("timeout -1", "--timeout -1", "--timeout '-1' is not"),
        ("timeout 3601", "--timeout 3601", "--timeout '3601' is not"),
        ("two forms", "--raw --json", "--raw and --json exclude each other"),
        ("no such tool", "--clfavor ./none", "--clfavor './none' is not a program"),
        ("internal command", "--internal listing", "--internal is for the probe itself"),
    ):
        yield name, args, NONE, 2, "^$", message
    yield ("self-test without clfavor", "--selftest", {**NONE, "PATH": "/nonexistent"}, 2, "^$",
           "--selftest needs clfavor")
    yield "help", "--help", NONE, 0, "  --selftest .*\n  6  no device is usable"
    yield "help before other errors", "--help --zz", NONE, 0, "Usage: clinfo-probe"
    yield "version", "--version", NONE, 0, r"^clinfo-probe \d+\.\d+\.\d+\n$"

    for form in ("", "--json", "--raw"):
        kind = {"": FITS, "--json": JSON, "--raw": RAW}[form]
        yield f"no platform {form}", form, NONE, 3, "nonexistent", None, kind
        yield (f"a driver that refuses work {form}", form, bad("refuses"), 4,
               "CL_OUT_OF_RESOURCES", None, kind)
        yield (f"a driver that crashes {form}", form, bad("crash_platforms"), 6, "signal 11", None,
               kind)
    yield "hint of the variable", "", NONE, 3, "replaces\n? +/etc/OpenCL/vendors"
    yield "no loader", "", loader("no-loader"), 3, "^[^\n]+\n\nloader +none: .*ocl-icd-libopencl1"
    yield "no loader as JSON", "--json", loader("no-loader"), 3, '"found": false', None, JSON
    yield "no driver", "", vendors("empty"), 3, "no driver.*pocl-opencl-icd"
    yield "a driver that is a text", "", vendors("garbage"), 3, "unloadable +a.icd"
    yield "an empty .icd file", "", vendors("blank"), 3, "unreadable +a.icd"
    yield "a library that is missing", "", vendors("missing"), 3, "libnothing-of-that-name.so"
    yield "an .icd file by itself", "", vendors("missing/a.icd"), 3, "unloadable +a.icd"
    yield "platforms without a device", "", {"OCL_ICD_VENDORS": DRIVERS["empty"]}, 4, "no device"
    yield "devices that are skipped", "", {"OCL_ICD_VENDORS": DRIVERS["odd"]}, 6, (
        "it is older than OpenCL 1.2.*it is not available.*it has no compiler.*"
        "it tells no OpenCL version")
    yield "a driver that hangs", "--timeout 1", bad("hang_platforms"), 6, "hung +.*killed after 1 s"
    yield "a driver that leaves", "", bad("leave_platforms"), 6, "crashed +.*exit code 1"
    yield "devices that crash", "", bad("crash_devices"), 6, "crashed +.*BAD|crashed +.*signal 11"
    yield ("a loader that crashes", "", bad("crash_listing"), 6,
           "ok .*BAD, 1\n? +device\nlisting +the loader\n? +crashed")
    yield ("a context that crashes", "", bad("crash_context"), 6,
           "OpenCL C 1.2 +core +crashed +- +signal 11.*a plain kernel:\n? +compiles +crashed|"
           "a plain kernel: compiles crashed.*OpenCL C 1.2 +core +crashed")
    yield ("a context that hangs", "--timeout 1", bad("hang_context"), 6, "compiles hung")
    yield ("a bad driver beside another", "--json", vendors("mixed"), 6,
           '"set_aside": \\[\n +"[^"]*mixed/a.icd"\n.*"name": "bad device"', None, JSON)


def bad(name):
    return {"OCL_ICD_VENDORS": DRIVERS[name]}


def vendors(path):
    return {"OCL_ICD_VENDORS": os.path.abspath(path)}


def loader(folder):
    return {**NONE, "LD_LIBRARY_PATH": os.path.abspath(folder)}


def tool(name):
    return "--clfavor " + os.path.abspath(name)


def device_cases():
    quick = "--no-kernels "
    yield "a device", quick, {}, 0, "OpenCL C 1.2 +core +ok +ok.*usable; exit code 0"
    yield ("a device, as lines", quick + "--raw", {}, 0, r"\[\d+/\d+\] properties.version: OpenCL",
           None, RAW)
    yield "bench", quick + "--bench --json", {}, 0, '"fma, float16"', None, JSON
    yield "kernels", "--clfavor " + CLFAVOR, {}, 0, r"plain/kv_state.cl +\d+ +\d+ +\d+"
    yield "kernels as JSON", "--json --clfavor " + CLFAVOR, {}, 0, '"file": "wide/', None, JSON
    yield "broken kernels", "--json --clfavor " + CLFAVOR, {
        "CLFAVOR_KERNEL_DIR": os.path.abspath("empty")}, 4, '"built": false', None, JSON
    yield "kernels that crash the compiler", tool("tool-broken-kernels"), {}, 6, (
        "building our kernels: crashed.*signal 6")
    yield "self-test, right", "--selftest " + tool("tool-right"), {}, 0, (
        "self-test +ok: 1 of 1 cases right, worst err/tau 0.25")
    yield "self-test, wrong", "--selftest " + tool("tool-wrong"), {}, 5, (
        "usable +self-test: wrong.*self-test +wrong: 0 of 1 cases right")
    for form, kind in (("", FITS), ("--json", JSON)):
        yield (f"self-test that crashes {form}", f"--selftest {form} " + tool("tool-crash"), {}, 5,
               "signal 11", None, kind)
    yield "self-test that fails", "--selftest " + tool("tool-fail"), {}, 5, "exit code 7: no memory"
    yield ("self-test that hangs", "--selftest --no-kernels --timeout 1 " + tool("tool-hang"), {},
           5, "killed after 20 s")
    yield ("self-test of the library", quick + "--selftest --clfavor " + CLFAVOR, {}, 0,
           r"self-test +ok: (\d+) of \1 cases")
    yield "kernels that are refused", tool("tool-no-kernels"), {}, 4, "building our kernels: failed"
    yield "all of it as lines", "--raw --selftest " + tool("tool-right"), {}, 0, (
        r"\] selftest.worst_err_tau: 0.25"), None, RAW


def check_schema():
    """A schema that takes anything proves nothing: each fault that is planted has to be found."""
    document = json.loads(run("--json", bad("refuses"))[1])
    tap(problems_of(document) == [], "the schema takes what is right", problems_of(document))
    faults = {
        "another version": lambda d: d.update(schema="clinfo-probe/2"),
        "a member missing": lambda d: d.pop("hints"),
        "a member too many": lambda d: d.update(more=1),
        "a number for a text": lambda d: d["devices"][0].update(name=7),
        "a text for a number": lambda d: d["platforms"][0].update(devices="1"),
        "a truth for a number": lambda d: d["platforms"][0].update(devices=True),
        "an unknown word": lambda d: d["devices"][0]["verdicts"][0].update(runs="maybe"),
        "a code of no table": lambda d: d.update(exit_code=9),
        "a selector that is none": lambda d: d["devices"][0].update(selector="gpu"),
        "an error without its code": lambda d: d["devices"][0]["properties"].update(
            driver={"error": "CL_INVALID_VALUE"}),
        "less than nothing": lambda d: d["drivers"]["files"][0].update(ms=-1),
    }
    for name, plant in faults.items():
        planted = copy.deepcopy(document)
        plant(planted)
        tap(problems_of(planted) != [], f"the schema refuses {name}")
    errors = [v for v in document["devices"][0]["properties"].values() if isinstance(v, dict)]
    tap({"error": "CL_INVALID_VALUE", "code": -30} in errors, "errors have names", errors)


def check_names():
    """No name of user or host without --full."""
    host = socket.gethostname()
    secrets = {"HOME": "/tmp/home-of-jane", "OCLGRIND_LOG": f"/tmp/home-of-jane/log of {host}",
               "CLFAVOR_DEVICE": f"on-{host}.0"}
    code, out, _ = run("--json", {**NONE, **secrets})
    values = [one["value"] for one in json.loads(out)["environment"]]
    tap(code == 3 and "home-of-jane" not in out and "~/log of <host>" in values,
        "names are hidden", values)
    code, out, _ = run("--json --full", {**NONE, **secrets})
    tap(code == 3 and f"/tmp/home-of-jane/log of {host}" in out, "--full shows them", out)


def check_full_output():
    with open("/dev/full", "w", encoding="ascii") as full:
        code, _, err = run("", NONE, stdout=full)
    tap(code == 8 and "cannot write standard output" in err, "standard output full", err)


def check_man_page():
    with open(MANPAGE, encoding="ascii") as file:
        page = file.read()
    options = re.findall(r"^  --([a-z-]+)", run("--help", NONE)[1], re.M)
    missing = [name for name in options if f"Fl -{name}" not in page]
    tap(len(options) > 8 and not missing, "the man page knows every option", missing)


def check_leftovers():
    left = [name for name in os.listdir(os.environ["TMPDIR"]) if name.startswith("clinfo-probe-")]
    tap(not left, "no folder is left", left)


def need_device():
    """Leaves when there is no device: a failure, or a skip where that is allowed."""
    code, out, _ = run("--no-kernels", {})
    if code == 0:
        return
    skip = os.environ.get("CLFAVOR_ALLOW_NO_DEVICE") == "1" and code in (3, 4)
    print("1..0 # skipped, no device" if skip else f"Bail out! no device\n# {out}")
    sys.exit(77 if skip else 1)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        os.mkdir(os.path.join(folder, "work"))
        os.chdir(os.path.join(folder, "work"))
        fixtures()
        if MODE == "device":
            need_device()
        for row in usage_cases() if MODE == "usage" else device_cases():
            check_case(*row)
        if MODE == "usage":
            check_schema()
            check_names()
            check_full_output()
            check_man_page()
        check_leftovers()
        os.chdir("/")
    print(f"1..{count}")
    sys.exit(failures != 0)


main()
