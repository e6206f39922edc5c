"""The files under /workspace: which there are, which a run made or changed, and what is in them."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from time import time_ns
from typing import Any

from headrace_runtime.wire import encode_text

MOST_ENTRIES = 1000  # looked at in one scan
MOST_REPORTED = 50
LARGEST_READ = 40 * 1024 * 1024  # as base64 it still fits into a frame
_SLACK = 20_000_000  # ns: the clock of files ticks more slowly
_SHOWN = 200  # characters of a path in an error
_NOT_LISTED = ("__pycache__",)

_scandir, _join, _time_ns = os.scandir, os.path.join, time_ns


class Refused(Exception):
    """Why a file cannot be read."""


class Workspace:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._known: dict[str, tuple] = {}
        self._began = 0

    def begin_run(self) -> None:
        self._began = _time_ns() - _SLACK

    def changed(self) -> list[dict]:
        """Those made or changed since this was last asked, the first in order of their paths."""
        now, whole = self._scan()
        before, self._known = self._known, now
        if not now:
            return []
        # Of more entries than a scan looks at it may see others each time.
        paths = [
            path
            for path, state in now.items()
            if before.get(path) != state and (whole or state[1] >= self._began)
        ]
        return [{"path": path, "size": now[path][0]} for path in sorted(paths)[:MOST_REPORTED]]

    def listed(self) -> dict:
        found, whole = self._scan()
        files = [{"path": path, "size": found[path][0]} for path in sorted(found)]
        return {"files": files, "truncated": not whole}

    def _scan(self) -> tuple[dict[str, tuple], bool]:
        """Regular files by path, with size, time and inode; whether these are all."""
        found: dict[str, tuple] = {}
        folders, left = [""], MOST_ENTRIES
        for folder in folders:
            try:
                entries = _scandir(_join(self.folder, folder))
            except OSError:
                continue
            with entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(".") or name in _NOT_LISTED or not _is_text(name):
                        continue
                    if not left:
                        return found, False
                    left -= 1
                    path = f"{folder}/{name}" if folder else name
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(path)
                        elif entry.is_file(follow_symlinks=False):
                            status = entry.stat(follow_symlinks=False)
                            found[path] = (status.st_size, status.st_mtime_ns, status.st_ino)
                    except OSError:
                        pass  # gone meanwhile
        return found, True

    def read(self, path: Any, limit: Any) -> dict:
        """The content of one file as the protocol wants it; Refused says why not."""
        if not isinstance(path, str) or not path or "\0" in path:
            raise Refused("'path' must be the path of a file under /workspace")
        if type(limit) is not int or limit < 0:
            raise Refused("'limit' must be a number of bytes")
        limit = min(limit, LARGEST_READ)
        data = self._bytes(path, limit)
        kind = _mime_type(path)
        text = None
        if b"\0" not in data:
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                pass
        if text is not None and len(encode_text(text)) > 2 * len(text) + 1024:
            text = None  # control characters would take more room than base64
        result: dict[str, Any] = {"size": len(data)}
        if text is not None:
            result.update(mimeType=kind or "text/plain", text=text)
        else:
            result["mimeType"] = kind or "application/octet-stream"
            result["data"] = b64encode(data).decode("ascii")
        return result

    def _bytes(self, path: str, limit: int) -> bytes:
        root, shown = os.path.realpath(self.folder), repr(path[:_SHOWN])
        try:
            real = os.path.realpath(_join(root, path))
            if not real.startswith(root.rstrip("/") + "/"):
                raise Refused(f"{shown} is not under /workspace")
            # Opening a device or a pipe would have effects: look first.
            if not stat.S_ISREG(os.lstat(real).st_mode):
                raise Refused(f"{shown} is not a regular file")
            fd = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise Refused(f"{shown} cannot be read: {words}") from None
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise Refused(f"{shown} is not a regular file")
            size, data = status.st_size, b""
            if size <= limit:
                data = file.read(limit + 1)
                size = max(size, len(data))
        if size > limit:
            raise Refused(f"{shown} is {size:,} bytes long and the limit is {limit:,}")
        return data


def _is_text(name: str) -> bool:
    """Whether the name can be said in JSON."""
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _mime_type(path: str) -> str | None:
    import mimetypes

    kind, packed = mimetypes.guess_type(path)
    return f"application/{packed}" if packed else kind
