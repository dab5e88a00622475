#!/usr/bin/env python3
"""Runs one test on kernels with one edit.

The edit must fit exactly once, and the edited kernels must build. With --expect wrong the test
must then find a wrong result: not a build failure, not a crash. With --expect right it must pass;
it gets the kernels as CLFAVOR_TEST_KERNELS to compare them with the library's own. With any other
--expect the test must fail and print that text.

Kernels lie in a folder named after their content: an OpenCL driver that caches programs by their
build options never mistakes one for another, and finds them again on the next run."""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def edited(kernels, file, old, new):
    """The files of the folder with the edit, by name."""
    texts = {p.relative_to(kernels).as_posix(): p.read_text()
             for p in sorted(kernels.rglob('*.cl*')) if p.suffix in ('.cl', '.clh')}
    count = texts[file].count(old)
    if count != 1:
        sys.exit(f'the edit fits {count} times into {file}, not once:\n{old}')
    texts[file] = texts[file].replace(old, new)
    return texts


def place(texts, folder):
    """Writes the files into a folder of their own, which appears complete or not at all."""
    key = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
    target = folder / key
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        work = pathlib.Path(tempfile.mkdtemp(dir=folder))
        for name, text in texts.items():
            (work / name).parent.mkdir(exist_ok=True)
            (work / name).write_text(text)
        try:
            work.rename(target)
        except OSError:  # another test was first
            shutil.rmtree(work)
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kernels', type=pathlib.Path, required=True, help='kernels/ of the tree')
    parser.add_argument('--scratch', type=pathlib.Path, required=True, help='for edited kernels')
    parser.add_argument('--file', required=True, help='the file to edit')
    parser.add_argument('--old', required=True, help='text to be replaced')
    parser.add_argument('--new', required=True, help='text to replace it with')
    parser.add_argument('--expect', default='wrong', help='wrong, right, or a text')
    parser.add_argument('case', help='the test in the executable')
    parser.add_argument('command', nargs='+', help='a kernel test, or what runs one')
    args = parser.parse_args()

    folder = place(edited(args.kernels, args.file, args.old, args.new), args.scratch)
    right = args.expect == 'right'
    text = 'wrong result:' if args.expect == 'wrong' else args.expect
    variable = 'CLFAVOR_TEST_KERNELS' if right else 'CLFAVOR_KERNEL_DIR'
    run = subprocess.run(args.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, env={**os.environ, variable: str(folder),
                                         'CK_RUN_CASE': args.case})
    print(run.stdout)
    if 'Checks: ' not in run.stdout or 'Checks: 0,' in run.stdout:
        sys.exit(77 if run.returncode == 77 else f'no test {args.case} ran')
    if right:
        sys.exit(run.returncode)
    if run.returncode != 1 or text not in run.stdout:
        sys.exit(f'the bug was not found: exit status {run.returncode}')


main()
