"""Counts of what a program does: instructions and allocations by callgrind, system calls by strace. All
are taken at two lengths of the same work, so that the start and the end of the program cancel out."""

import re
import tempfile
from collections import Counter
from pathlib import Path

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
NAME = re.compile(r"c?fn=\((\d+)\)(?: (.*))?")
# Behind the number of the thread, where there are several; one that is resumed was counted before.
CALL = re.compile(r"(?:\d+ +)?(\w+)\(")


class Failed(Exception):
    """The work could not be done; its words say why."""


def callgrind_counts(path):
    """Instructions, and calls of functions that allocate, in a file that callgrind wrote."""
    names, callee = {}, None
    instructions = allocations = 0
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                number, name = NAME.match(line).groups()
                if name is not None:
                    # A function that is in the middle of a recursion has a number behind its name.
                    names[number] = name.strip().partition("'")[0]
                if line.startswith("cfn="):
                    callee = names[number]
            elif line.startswith("calls=") and callee in ALLOCATORS:
                allocations += int(line[len("calls="):].split()[0])
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    if not instructions:
        raise Failed(f"callgrind wrote no totals to {path}")
    return Counter(instructions=instructions, allocations=allocations)


def strace_counts(path):
    """Calls by name in what strace wrote. Those on /proc are left out: that is how the memory of a
    sandbox is looked at, and it goes by the clock."""
    counts = Counter()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            call = CALL.match(line)
            if call and "/proc/" not in line:
                counts[call[1]] += 1
    if not counts:
        raise Failed(f"strace wrote no calls to {path}")
    return counts


def under_callgrind(work, times, function):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind"
        only = [f"--toggle-collect={function}"] if function else []
        work(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", *only], times)
        return callgrind_counts(out)


def under_strace(work, times, follow):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "strace"
        work(["strace", *(["-f"] if follow else []), "-y", "-s", "0", "-o", str(out)], times)
        return strace_counts(out)


def difference(count, times):
    """What `times` more of the work cost, each."""
    less, more = count(times), count(3 * times)
    return {name: (more[name] - less[name]) / (2 * times) for name in more | less}


def instructions_and_allocations(work, times, function=None):
    """Of the whole program, or of one function and all that it calls."""
    return difference(lambda many: under_callgrind(work, many, function), times)


def system_calls(work, times, follow=False):
    """By name."""
    return difference(lambda many: under_strace(work, many, follow), times)
