"""The one exception that sandboxed code has to know."""

from __future__ import annotations


class MCPError(RuntimeError):
    """A call to a tool or to the host failed.

    `code` and `data` are those of the JSON-RPC error (None when there was none), `result` is the
    raw result of a tool that reported a failure of its own.
    """

    __module__ = "mcp.runtime"

    def __init__(
        self,
        message: str = "",
        code: int | None = None,
        data: object = None,
        result: object = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.data = data
        self.result = result

    def __reduce__(self) -> tuple:
        return (type(self), (str(self), self.code, self.data, self.result))


class UnknownServer(MCPError, KeyError):
    """What a look-up by name raises: an MCPError that `except KeyError` catches as well."""

    __module__ = "mcp.runtime"

    __str__ = RuntimeError.__str__


CLOSED = "RPC channel closed"
