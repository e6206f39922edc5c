"""Reads the files that MCP_BRIDGE_TRACE makes: who said what to whom, in order."""

import json
from dataclasses import dataclass


@dataclass
class Record:
    stream: int
    peer: str
    direction: str  # "in": the program read it, "out": it wrote it
    line: str
    cut: bool  # longer than a trace keeps
    unfinished: bool  # the stream was over before the line was


def read(path):
    """The lines of a trace, in order. A program that was killed may leave half a record behind."""
    with open(path, encoding="utf-8") as file:
        rows = file.read().split("\n")
    for number, row in enumerate(rows):
        if not row:
            continue
        try:
            record = json.loads(row)
        except ValueError:
            if number == len(rows) - 1:
                return
            raise
        if "line" in record:
            yield Record(record["stream"], record["peer"], record["direction"], record["line"],
                         "size" in record, record.get("unfinished", False))
