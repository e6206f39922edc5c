"""JSON as it goes over the channel: compact, UTF-8, and clear about what cannot be sent."""

from __future__ import annotations

import json
import json.encoder
import re
from json.encoder import JSONEncoder
from json.encoder import encode_basestring as encode_text
from typing import Any

from headrace_runtime.errors import MCPError

FRAME_LIMIT = 64 * 1024 * 1024
_SIMPLE = frozenset((str, int, float, bool, type(None)))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_scan, _loads = json.JSONDecoder().scan_once, json.loads


def decode_line(line: bytes) -> Any:
    """The value in a line; ValueError (or RecursionError) when the line is not one JSON value."""
    text = line.decode("utf-8")
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _loads(text)  # space before the value, or none at all
    return value if end == len(text) else _loads(text)


def to_utf8(text: str) -> bytes:
    """The bytes of JSON text; lone surrogates, which UTF-8 cannot hold, become escapes."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode("utf-8")


def _unusual(value: Any) -> Any:
    """A JSON value for what JSONEncoder does not know but a program would expect to be sent."""
    for name in ("isoformat", "tolist", "model_dump", "__fspath__"):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    kind = type(value).__name__
    if kind == "Decimal":
        return int(value) if value == value.to_integral_value() else float(value)
    if kind == "UUID":
        return str(value)
    if hasattr(type(value), "_member_map_"):
        return value.value
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{kind} cannot be sent as JSON: decode it, or use base64, first")
    if hasattr(value, "__await__"):
        raise TypeError(f"a {kind} cannot be sent as JSON: is an `await` missing?")
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"{kind} cannot be sent as JSON")


_encoder = JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_unusual
)


def _make_fast() -> Any:
    """JSONEncoder builds its C encoder anew for each text; this keeps one for simple objects."""
    make = json.encoder.c_make_encoder
    if make is None:
        return _encoder.encode
    encode = make(None, _unusual, encode_text, None, ":", ",", False, False, False)
    join = "".join
    return lambda value: join(encode(value, 0))


_encode_flat = _make_fast()


def _plain(value: Any, depth: int = 0) -> Any:
    """A copy in which every tool result stands for its data."""
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if depth > 400:
        raise ValueError("nested too deeply, or within itself")
    reach = getattr(kind, "__headrace_data__", None)
    if reach is not None:
        return _plain(reach(value), depth + 1)
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    return value


def encode(value: Any) -> str:
    """JSON text of anything a program may reasonably send; MCPError says what cannot be."""
    try:
        return _encoder.encode(_plain(value))
    except (TypeError, ValueError, RecursionError) as error:
        words = str(error) or type(error).__name__
        if words.startswith("Out of range float"):
            words = "NaN and infinity have no form in JSON"
        raise MCPError(f"These arguments cannot be sent: {words}", -32602) from None


def encode_arguments(arguments: dict[str, Any]) -> str:
    """`encode` for the arguments of a call, fast when they are simple."""
    for value in arguments.values():
        if type(value) not in _SIMPLE:
            return encode(arguments)
    try:
        return _encode_flat(arguments)
    except (TypeError, ValueError):
        return encode(arguments)
