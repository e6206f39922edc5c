"""What strict peers refuse although the schemas allow it: nulls, repeated members, numbers that are
none, members of `_meta` with wrong names."""

import json
import re

# Below these stands what users, tools or servers put there.
FREE = {"arguments", "structuredContent", "data", "_meta", "inputSchema", "outputSchema", "input",
        "experimental", "extensions", "metadata", "requestState"}

LABEL = r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
META_KEY = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*/)?(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?")
RESERVED = re.compile(rf"{LABEL}\.(?:modelcontextprotocol|mcp)(?:\.{LABEL})*/")
OURS_TO_USE = re.compile(r"io\.modelcontextprotocol/(protocolVersion|clientCapabilities|clientInfo|"
                         r"logLevel|serverInfo|subscriptionId|related-task|model-immediate-response)")


class Refused(ValueError):
    pass


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("a repeated member")
    return members


def _constant(word):
    raise Refused(f"{word} is no JSON")


def parse(line):
    """Raises ValueError for what is no JSON to a strict reader."""
    try:
        return json.loads(line, object_pairs_hook=_members, parse_constant=_constant)
    except RecursionError:
        raise Refused("nested too deeply") from None


def faults(value, path=""):
    """What is wrong with a message of ours beyond its schema."""
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from faults(part, f"{path}[{number}]")
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        here = f"{path}.{name}"
        if name == "_meta" and isinstance(part, dict):
            for key in part:
                if not META_KEY.fullmatch(key):
                    yield f"{here}: '{key}' can't be the name of a member"
                elif RESERVED.match(key) and not OURS_TO_USE.fullmatch(key):
                    yield f"{here}: '{key}' is reserved"
        if part is None and name not in FREE:
            yield f"{here} is null, in place of being left out"
        if name not in FREE:
            yield from faults(part, here)
