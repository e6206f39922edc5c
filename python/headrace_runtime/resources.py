"""What code asks of servers apart from tools: their resources and their prompts."""

from __future__ import annotations

from typing import Any, Callable

from mcp.resource import Prompt, resource_of
from mcp.result import Listed, records

from headrace_runtime import session
from headrace_runtime.catalogue import catalogue
from headrace_runtime.channel import CODE_SERVER_FAILED
from headrace_runtime.errors import MCPError
from headrace_runtime.wire import encode, encode_text


class Question:
    """One request, and what becomes of its answer."""

    def __init__(self, method: str, server: Any, more: str, use: Callable) -> None:
        self._method, self._use = method, use
        self._server = catalogue.resolve(server)
        self._params = f'{{"server":{encode_text(self._server)}{more}}}'

    async def ask(self) -> Any:
        answer = await session.current.channel.request(self._method, self._params)
        return self._use(answer, self._server)

    def ask_sync(self) -> Any:
        answer = session.current.channel.request_sync(self._method, self._params)
        return self._use(answer, self._server)


def listing(kind: str, server: Any) -> Question:
    """`kind`: resources, resource_templates or prompts."""
    first, _, second = kind.partition("_")
    member = first + second.capitalize()

    def use(answer: Any, server: str) -> list[Listed]:
        found = answer.get(member) if isinstance(answer, dict) else None
        found = found if isinstance(found, list) else ()
        return [Listed(records(each)) for each in found if isinstance(each, dict)]

    return Question(f"list_{kind}", server, "", use)


def reading(server: Any, uri: Any) -> Question:
    """`uri`: as text, or as what a list or a link in a result has."""
    if isinstance(uri, dict):
        uri = uri.get("uri")
    if not isinstance(uri, str):
        raise MCPError("'uri' must be a string", -32602)

    def use(answer: Any, server: str) -> Any:
        try:
            return resource_of(answer)
        except ValueError as error:
            raise MCPError(
                f"Server {server!r} sent a resource that is no base64 ({error})",
                CODE_SERVER_FAILED,
            ) from None

    return Question("read_resource", server, f',"uri":{encode_text(str(uri))}', use)


def prompting(server: Any, name: Any, arguments: Any) -> Question:
    if isinstance(name, dict):
        name = name.get("name")
    if not isinstance(name, str):
        raise MCPError("'name' must be a string", -32602)
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise MCPError("'arguments' must be an object", -32602)
    # Arguments of prompts are texts.
    given = {key: _as_text(value) for key, value in arguments.items() if value is not None}
    more = f',"name":{encode_text(name)},"arguments":{encode(given)}'

    def use(answer: Any, server: str) -> Prompt:
        return Prompt(records(answer) if isinstance(answer, dict) else {})

    return Question("get_prompt", server, more, use)


def _as_text(value: Any) -> str:
    reach = getattr(type(value), "__headrace_data__", None)
    if reach is not None:
        value = reach(value)
    return value if isinstance(value, str) else encode(value)
