#!/usr/bin/env python3
"""Writes text files into a C file: a table of struct clfi_embedded (src/cl/embedded.h).

In OpenCL C files, resolves #include "..." relative to --root, at every place where it stands, as
a C preprocessor would; #line directives keep the compiler's messages pointing at the file that
was edited. Does not evaluate #if: include guards stay in the text and do their work in the OpenCL
compiler. With --verbatim, files go in as they are.

Invariant: the same files give the same bytes, whatever the paths of source and build folder.
"""

import argparse
import hashlib
import os
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"')


def inline(root, path, parents, seen):
    """The text of root/path with its includes in place; adds every file it reads to `seen`."""
    if path in parents:
        sys.exit(f"embed.py: {path} includes itself: {' -> '.join(parents + [path])}")
    try:
        with open(os.path.join(root, path), encoding="ascii", newline="") as file:
            lines = file.read().splitlines()
    except OSError as error:
        sys.exit(f"embed.py: {parents[-1] if parents else 'command line'}: {error}")
    except UnicodeDecodeError as error:
        sys.exit(f"embed.py: {path}: only ASCII is portable OpenCL C: {error}")
    seen.add(path)
    out = [f'#line 1 "{path}"']
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            out += inline(root, match.group(1), parents + [path], seen)
            out.append(f'#line {number + 1} "{path}"')
        else:
            out.append(line)
    return out


def verbatim(root, path, seen):
    """The bytes of root/path, which must be ASCII."""
    seen.add(path)
    with open(os.path.join(root, path), encoding="ascii", newline="") as file:
        return file.read().encode("ascii")


def array(name, data):
    """A C array of the bytes of `data` and a final zero."""
    numbers = [str(byte) for byte in data + b"\0"]
    rows = [",".join(numbers[i : i + 24]) for i in range(0, len(numbers), 24)]
    return f"static const char {name}[] = {{\n" + ",\n".join(rows) + "};\n"


def depfile(output, names):
    """A rule in the syntax of make: `output` depends on the files `names`."""
    escaped = [name.replace(" ", "\\ ") for name in [output] + sorted(names)]
    return escaped[0] + ": " + " ".join(escaped[1:]) + "\n"


def main():
    parser = argparse.ArgumentParser(description="embeds text files into a C file")
    parser.add_argument("--root", required=True, help="folder that includes and paths start from")
    parser.add_argument("--name", required=True, help="the table is NAMEs, its length NAME_count")
    parser.add_argument("--output", required=True)
    parser.add_argument("--depfile", required=True)
    parser.add_argument("--verbatim", action="store_true", help="the files are no OpenCL C")
    parser.add_argument("files", nargs="+", metavar="file")
    args = parser.parse_args()

    seen = set()
    arrays, rows = [], []
    for file in args.files:
        path = os.path.relpath(file, args.root).replace(os.sep, "/")
        if args.verbatim:
            source = verbatim(args.root, path, seen)
        else:
            source = ("\n".join(inline(args.root, path, [], seen)) + "\n").encode("ascii")
        name = "source_" + re.sub(r"\W", "_", path)
        arrays.append(array(name, source))
        digest = hashlib.sha256(source).hexdigest()[:32]
        rows.append(f'    {{"{path}", {name}, sizeof({name}) - 1, "{digest}"}},\n')

    with open(args.output, "w", encoding="ascii", newline="\n") as out:
        out.write("/* Written by tools/embed.py. */\n#include \"cl/embedded.h\"\n\n")
        out.write("\n".join(arrays))
        out.write(f"\nconst struct clfi_embedded {args.name}s[] = {{\n{''.join(rows)}}};\n")
        out.write(f"const size_t {args.name}_count = {len(rows)};\n")
    with open(args.depfile, "w", encoding="utf-8") as out:
        out.write(depfile(args.output, [os.path.join(args.root, path) for path in seen]))


if __name__ == "__main__":
    main()
