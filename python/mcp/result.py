"""What a tool call gives back: the raw result, which reads like the data it carries."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from typing import Any, Callable

_RAW_KEYS = ("content", "structuredContent", "isError", "_meta")
_DEFAULTS = {"content": (), "structuredContent": None, "isError": False, "_meta": None}
_UNSET = object()


class Record(dict):
    """A dict whose keys can be read as attributes."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(_no_attribute(name, self)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self if isinstance(key, str))]


def _no_attribute(name: str, data: Any) -> str:
    if isinstance(data, dict):
        keys = ", ".join(str(key) for key in list(data)[:20])
        return f"no {name!r} here; there is: {keys or 'nothing'}"
    return f"no {name!r} in this result, whose data is of type {type(data).__name__}"


_OTHER_SPELLING = {
    "input_schema": "inputSchema",
    "inputSchema": "input_schema",
    "mime_type": "mimeType",
    "uri_template": "uriTemplate",
}


class Listed(Record):
    """Something that a server offers, as its lists have it; `mime_type` is `mimeType`, and so on."""

    __slots__ = ()

    def __missing__(self, key: Any) -> Any:
        other = _OTHER_SPELLING.get(key) if isinstance(key, str) else None
        if other is None or not dict.__contains__(self, other):
            raise KeyError(key)
        return dict.__getitem__(self, other)

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default


class Tool(Listed):
    """A tool as metadata shows it; `inputSchema` is understood as well as `input_schema`."""

    __slots__ = ()


def records(value: Any) -> Any:
    """The same JSON value with every object in it a Record."""
    if type(value) is dict:
        return Record({key: records(item) for key, item in value.items()})
    if type(value) is list:
        return [records(item) for item in value]
    return value


def _parse(text: str) -> Any:
    """JSON objects and arrays in text; any other text stands for itself."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    return text


class Image(Record):
    """An image block of a result; `bytes` is the picture itself."""

    __slots__ = ()

    @property
    def bytes(self) -> bytes:
        from base64 import b64decode

        return b64decode(self.get("data") or "")

    @property
    def mime_type(self) -> str:
        return self.get("mimeType") or "application/octet-stream"

    def _repr_mimebundle_(self, **unused: Any) -> dict:
        return {self.mime_type: self.bytes}

    def save(self, path: str) -> str:
        """Writes the picture to a file."""
        with open(path, "wb") as file:
            file.write(self.bytes)
        return path


class ToolResult(dict):
    """The result of a tool call.

    As a dict it is the raw result: r["content"], r["structuredContent"], json.dumps(r).
    r.text is its text, r.data its data (structured, or JSON parsed out of the text, or the text),
    r.images its pictures. Iteration, `in`, indexing, attributes, comparison and arithmetic act
    on the data; a text is iterated line by line.
    """

    __slots__ = ("_data", "_text")

    # -- the three views -----------------------------------------------------------------------

    @property
    def text(self) -> str:
        try:
            return self._text
        except AttributeError:
            text = self._text = self._make_text()
            return text

    @property
    def data(self) -> Any:
        try:
            return self._data
        except AttributeError:
            data = self._data = records(self._make_data())
            return data

    @property
    def images(self) -> list[Image]:
        return [Image(block) for block in self._blocks() if block.get("type") == "image"]

    def __headrace_data__(self) -> Any:
        """What another tool gets when this result is an argument."""
        return self.data if self.data is not None else dict(self.items())

    def _blocks(self) -> list[dict]:
        content = dict.get(self, "content")
        if not isinstance(content, list):
            return []
        return [block for block in content if isinstance(block, dict)]

    def _texts(self) -> list[str]:
        texts = []
        for block in self._blocks():
            resource = block.get("resource")
            text = block.get("text")
            if text is None and isinstance(resource, dict):
                text = resource.get("text", resource.get("uri"))
            if text is None and block.get("type") == "resource_link":
                text = block.get("uri")
            if isinstance(text, str):
                texts.append(text)
        return texts

    def _make_text(self) -> str:
        texts = self._texts()
        if texts:
            return "\n".join(texts)
        data = self.data
        if data is None or isinstance(data, str):
            return data or ""
        return json.dumps(data, ensure_ascii=False)

    def _make_data(self) -> Any:
        structured = dict.get(self, "structuredContent")
        if structured is not None:
            if isinstance(structured, dict) and len(structured) == 1:
                # What servers wrap round values that are no objects, and round files.
                if "result" in structured:
                    return structured["result"]
                if isinstance(structured.get("content"), str):
                    return structured["content"]
            return structured
        texts = self._texts()
        if not texts:
            return None
        if len(texts) == 1:
            return _parse(texts[0])
        parsed = [_parse(text) for text in texts]
        if any(isinstance(each, str) for each in parsed):
            return "\n".join(texts)
        return parsed

    # -- showing -------------------------------------------------------------------------------

    def __str__(self) -> str:
        text = self.text
        if text:
            return text
        return "\n".join(
            f"[{block.get('type', 'content')} {block.get('mimeType') or ''}".rstrip() + "]"
            for block in self._blocks()
            if block.get("type") != "text"
        )

    def __repr__(self) -> str:
        return dict.__repr__(self) if self.data is None else repr(self.data)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *dir(self.data)]

    # -- reaching through ----------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if dict.__contains__(self, key):
                return dict.__getitem__(self, key)
            data = self.data
            if isinstance(data, dict) and key in data:
                return data[key]
            if key in _DEFAULTS:
                return _DEFAULTS[key] if key != "content" else []
            if self._wraps(key):
                return data
            raise KeyError(key)
        data = self.data
        if isinstance(data, dict) and isinstance(key, slice):
            data = self.text
        if data is None:
            data = ()
        return data[key]

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except (KeyError, IndexError, TypeError):
            return default

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_data", "_text"):
            raise AttributeError(name)
        if name in _RAW_KEYS:
            raw = records(self[name])
            return [] if raw is None and name == "content" else raw
        data = self.data
        if isinstance(data, dict):
            if name in data:
                return data[name]
            if hasattr(str, name) and dict.get(self, "structuredContent") is None:
                return getattr(self.text, name)
        elif hasattr(data, name):
            return getattr(data, name)
        if self._wraps(name):
            return data
        raise AttributeError(_no_attribute(name, data))

    def _wraps(self, key: str) -> bool:
        """Whether the data was unwrapped from this key, which the text may still show."""
        structured = dict.get(self, "structuredContent")
        return key == "result" and isinstance(structured, dict) and [*structured] == ["result"]

    def __iter__(self) -> Iterator:
        data = self.data
        if isinstance(data, str):
            return iter(data.splitlines())
        return iter(() if data is None else data)

    def __reversed__(self) -> Iterator:
        return reversed(list(self))

    def __contains__(self, item: Any) -> bool:
        data = self.data
        if isinstance(data, str):
            if isinstance(item, str):
                return item in data or (item in _RAW_KEYS[1:] and dict.__contains__(self, item))
            return isinstance(item, ToolResult) and item.text in data
        if isinstance(item, str) and item in _RAW_KEYS and dict.__contains__(self, item):
            return True
        try:
            return item in data
        except TypeError:
            return False

    def __len__(self) -> int:
        data = self.data
        if data is None:
            return len(self._blocks())
        return len(data)

    def __bool__(self) -> bool:
        data = self.data
        return bool(self._blocks()) if data is None else bool(data)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.data)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, ToolResult):
            return dict.__eq__(self, other) is True or self.data == other.data
        if isinstance(other, dict) and dict.__eq__(self, other) is True:
            return True
        return self.data == other

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __int__(self) -> int:
        return int(self.data)

    def __float__(self) -> float:
        return float(self.data)

    def __index__(self) -> int:
        return operator.index(self.data)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.data, digits)

    def __neg__(self) -> Any:
        return -self.data

    def __abs__(self) -> Any:
        return abs(self.data)


def _unwrap(value: Any) -> Any:
    return value.data if isinstance(value, ToolResult) else value


def _forward(apply: Callable, turned: bool) -> Callable:
    def method(self: ToolResult, other: Any) -> Any:
        if turned:
            return apply(_unwrap(other), self.data)
        return apply(self.data, _unwrap(other))

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    _apply = getattr(operator, _name, None) or getattr(operator, _name + "_")
    setattr(ToolResult, f"__{_name}__", _forward(_apply, False))
    setattr(ToolResult, f"__r{_name}__", _forward(_apply, True))
for _name in ("lt", "le", "gt", "ge"):
    setattr(ToolResult, f"__{_name}__", _forward(getattr(operator, _name), False))
