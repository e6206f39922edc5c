"""Whole traces: every message that the program sent to clients and servers, against the schemas."""

from collections import Counter

import trace_files
from conversation import Conversation


def is_protocol(peer):
    """Interpreters are spoken to in a protocol of our own."""
    return peer == "the client" or peer.startswith("server '")


def faults(path, counts=None):
    """A sentence for each message of a trace that is not as it should be. `counts`, a Counter, is
    told how many were looked at."""
    counts = Counter() if counts is None else counts
    conversations = {}
    for record in trace_files.read(path):
        if not is_protocol(record.peer):
            continue
        conversation = conversations.get(record.stream)
        if conversation is None:
            conversation = Conversation(server=record.peer == "the client")
            conversations[record.stream] = conversation
        for fault in conversation.take(record):
            shown = record.line if len(record.line) < 500 else record.line[:500] + "…"
            yield f"to {record.peer} (stream {record.stream}): {fault}\n    {shown}"
    for conversation in conversations.values():
        counts["messages"] += conversation.checked
        counts["too long to look at"] += conversation.skipped
