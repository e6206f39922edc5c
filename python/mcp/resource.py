"""What a read resource and a prompt give back: text and bytes that know where they come from."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from mcp.result import Record, ToolResult, records


class _Part:
    """What the forms of a resource have in common: `contents` is raw, a Record for each part."""

    contents: list[Record]

    def _first(self, key: str) -> str | None:
        for each in self.contents:
            if isinstance(each.get(key), str):
                return each[key]
        return None

    @property
    def uri(self) -> str | None:
        return self._first("uri")

    @property
    def mime_type(self) -> str | None:
        return self._first("mimeType")

    def json(self) -> Any:
        """The text, parsed."""
        return records(json.loads(self.text))

    def save(self, path: str) -> str:
        """Writes the content to a file."""
        with open(path, "wb") as file:
            file.write(self.data)
        return path


class ResourceText(_Part, str):
    """A resource that is text: a str, with `uri`, `mime_type` and the raw `contents`."""

    @property
    def text(self) -> str:
        return str(self)

    @property
    def data(self) -> bytes:
        return self.encode("utf-8", "backslashreplace")


class ResourceBytes(_Part, bytes):
    """A resource that is binary: bytes, with `uri`, `mime_type` and the raw `contents`."""

    @property
    def text(self) -> str:
        return self.decode("utf-8", "replace")

    @property
    def data(self) -> bytes:
        return bytes(self)

    def _repr_mimebundle_(self, **unused: Any) -> dict:
        kind = self.mime_type or ""
        return {kind: bytes(self)} if kind.startswith("image/") else {}


class ResourceList(_Part, list):
    """A resource of several parts, or of none: a list of ResourceText and ResourceBytes."""

    @property
    def text(self) -> str:
        return "\n".join(each for each in self if isinstance(each, str))

    @property
    def data(self) -> bytes:
        return b"".join(each.data for each in self)


def resource_of(result: Any) -> ResourceText | ResourceBytes | ResourceList:
    """ValueError for base64 that can't be read."""
    listed = result.get("contents") if isinstance(result, dict) else None
    listed = listed if isinstance(listed, list) else ()
    contents = [each for each in listed if isinstance(each, dict)]
    parts = ResourceList(map(_part, contents))
    if len(parts) == 1:
        return parts[0]
    parts.contents = records(contents)
    return parts


def _part(content: dict) -> ResourceText | ResourceBytes:
    blob, text = content.get("blob"), content.get("text")
    part: ResourceText | ResourceBytes
    if isinstance(blob, str):
        # Other characters would be left out in silence, and the rest be other bytes.
        part = ResourceBytes(b64decode("".join(blob.split()), validate=True))
    else:
        part = ResourceText(text if isinstance(text, str) else "")
    part.contents = [records(content)]
    return part


class Prompt(Record):
    """A prompt as a server filled it in: `description`, `messages`; `text` is what they say."""

    __slots__ = ()

    @property
    def text(self) -> str:
        messages = self.get("messages")
        texts = map(_text_of, messages if isinstance(messages, list) else ())
        return "\n\n".join(filter(None, texts))

    def __str__(self) -> str:
        return self.text


def _text_of(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return str(ToolResult({"content": content if isinstance(content, list) else [content]}))
