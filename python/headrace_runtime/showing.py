"""What a displayed object looks like: text among the output, a picture, or a document.

Code of the user and of libraries runs beneath these functions. They hold nothing that an interrupt
could leave half-way (see `interrupts.USER_FILES`).
"""

from __future__ import annotations

import sys
from binascii import a2b_base64, b2a_base64
from typing import Any

from headrace_runtime import session
from headrace_runtime.wire import encode_text

LIMIT = 32 * 1024 * 1024
_COMPLAINT_LIMIT = 500
_HTML = "text/html"
# In the order of preference; HTML comes after plain text, where an object has one.
_FORMS = {
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "image/webp": "_repr_webp_",
    "image/gif": "_repr_gif_",
    "image/svg+xml": "_repr_svg_",
    "text/markdown": "_repr_markdown_",
}
_MAGIC = {
    "image/png": (b"\x89PNG\r\n\x1a\n", 0),
    "image/jpeg": (b"\xff\xd8\xff", 0),
    "image/webp": (b"WEBP", 8),
    "image/gif": (b"GIF8", 0),
}


def display(*objects: Any) -> None:
    """Shows each object as a notebook does: a picture, markdown, a table, or its repr."""
    for each in objects:
        show(each)


def show(value: Any) -> None:
    known = sys.modules.get("mcp.result")
    if known is not None and isinstance(value, known.ToolResult):
        _show_result(value)
        return
    figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", ())
    if isinstance(value, figure):
        from headrace_runtime import figures

        figures.show_figure(value)
        return
    bundle = _bundle(value)
    for form, method in _FORMS.items():
        content = _form(value, form, method, bundle)
        if content is not None:
            send(form, content)
            return
    html = _form(value, _HTML, "_repr_html_", bundle)
    text = bundle.get("text/plain")
    if not isinstance(text, str):
        text = None
    if html is not None and _says_nothing(value, text):
        send(_HTML, html)
        return
    print(repr(value) if text is None else text, file=sys.stdout)
    if html is not None:
        send(_HTML, html, aside=True)


def _says_nothing(value: Any, text: str | None) -> bool:
    if text is None:
        return type(value).__repr__ is object.__repr__
    return text == object.__repr__(value)


def _show_result(result: Any) -> None:
    """The text of a tool's result, and its pictures."""
    images = result.images
    if not images:
        print(str(result), file=sys.stdout)
        return
    if result.text:
        print(result.text, file=sys.stdout)
    for image in images:
        try:
            content = _checked(image.mime_type, image.bytes)
        except Exception:
            print(f"[image {image.mime_type}]", file=sys.stdout)
        else:
            send(image.mime_type, content)


# -- the forms of an object ----------------------------------------------------------------------


def _bundle(value: Any) -> dict:
    """What an object says of itself for all forms at once; those it has no word on are absent."""
    raw = _call(value, "_repr_mimebundle_", include=None, exclude=None)
    if isinstance(raw, tuple):
        raw = raw[0] if raw else None
    return raw if isinstance(raw, dict) else {}


def _form(value: Any, form: str, method: str, bundle: dict) -> Any:
    """The bytes of a picture, or the text of a document; None when there is no such form."""
    raw = bundle.get(form)
    if raw is None:
        raw = _call(value, method)
    else:
        method = "_repr_mimebundle_"
    if isinstance(raw, tuple):
        raw = raw[0] if raw else None  # the rest is metadata
    if raw is None:
        return None
    try:
        return _checked(form, raw)
    except (TypeError, ValueError) as error:
        complain(value, method, error)
        return None


def _call(value: Any, name: str, **named: Any) -> Any:
    # Asked of the type, since there are objects that have an answer to every attribute.
    if getattr(type(value), name, None) is None:
        return None
    try:
        return getattr(value, name)(**named)
    except Exception as error:
        complain(value, name, error)
        return None


def _checked(form: str, raw: Any) -> Any:
    """Raises for what a client could not make sense of."""
    if not form.startswith("image/") or form == "image/svg+xml":
        text = bytes(raw).decode("utf-8") if isinstance(raw, (bytes, bytearray)) else raw
        if not isinstance(text, str):
            raise TypeError(f"it gave {type(raw).__name__}, not text")
        return text
    if isinstance(raw, str):
        if len(raw) * 3 // 4 > LIMIT:
            return TooLarge(len(raw) * 3 // 4)
        raw = a2b_base64(raw)
    if not isinstance(raw, (bytes, bytearray, memoryview)):
        raise TypeError(f"it gave {type(raw).__name__}, not bytes")
    data = bytes(raw)
    magic, start = _MAGIC.get(form, (b"", 0))
    if data[start : start + len(magic)] != magic:
        raise ValueError(f"what it gave is no {form}")
    return data


def complain(value: Any, name: str, error: BaseException) -> None:
    try:
        words = f"{type(value).__name__}.{name} failed: {type(error).__name__}: {error}"
    except Exception:
        words = f"{type(value).__name__}.{name} failed: {type(error).__name__}"
    try:
        sys.stderr.write(words[:_COMPLAINT_LIMIT] + "\n")
    except Exception:
        pass


# -- on the way to the host ----------------------------------------------------------------------


class TooLarge:
    """In place of a content that nobody has decoded."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size


def send(form: str, content: Any, aside: bool = False) -> None:
    """A display frame after all that was printed before it; a sentence for what is too large."""
    size, body = len(content), None
    if size <= LIMIT:
        try:
            if isinstance(content, str):
                data = content.encode("utf-8", "backslashreplace")  # as print does
                size = len(data)
                if size <= LIMIT:
                    body = b'"text":%b' % encode_text(data.decode("utf-8")).encode("utf-8")
            else:
                body = b'"data":"%b"' % b2a_base64(content, newline=False)
        except MemoryError:
            pass
    if body is not None:
        tail = b',"aside":true}}\n' if aside else b"}}\n"
        frame = b'"mimeType":%b,%b%b' % (encode_text(form).encode(), body, tail)
        if session.current.capture.show(frame):
            return
    if not aside:
        why = f"the limit is {LIMIT:,}" if body is None else "this process cannot show it"
        print(
            f"[{form} of {size:,} bytes is not shown: {why}. "
            "Write it to a file under /workspace instead.]",
            file=sys.stdout,
        )
