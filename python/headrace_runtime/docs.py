"""What `help()`, `inspect.signature` and `print(docs)` say of tools, from the host's signatures.

The host's text is parsed, never run: types stay text, and defaults are literals or not shown.
"""

from __future__ import annotations

import ast
import re
from inspect import Parameter, Signature
from keyword import iskeyword
from textwrap import indent
from typing import Any, Iterable

from mcp.result import Record, Tool, records

from headrace_runtime import session
from headrace_runtime.catalogue import catalogue
from headrace_runtime.errors import MCPError
from headrace_runtime.proxies import ServerProxy
from headrace_runtime.tools import ToolFunction
from headrace_runtime.wire import encode_text

_MOST_LINES = 200  # of tools in the help on a server
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
_ANYTHING = Signature([Parameter("arguments", Parameter.VAR_KEYWORD)])


class _Type(str):
    """An annotation, which signatures show without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


class _Unsaid:
    """The default of a parameter that may be left out, where the schema names none."""

    def __repr__(self) -> str:
        return "..."


_UNSAID = _Unsaid()


class ToolDoc(Record):
    """The documentation of one tool; a signature prints as Python writes it."""

    __slots__ = ()

    def __str__(self) -> str:
        call = self.get("signature")
        if not isinstance(call, str):
            return dict.__repr__(self)
        words, types = self.get("description"), _lines(self.get("types"))
        first = f"{call}  # {words}" if words else call
        return "\n".join([first, *(f"    {line}" for line in types)])

    def __repr__(self) -> str:
        return str(self)


class ToolDocs(list):
    """Documentation of tools; signatures print one below the other.

    `unlisted` are records of `server` and `reason`: whose tools could not be looked at.
    """

    __slots__ = ("unlisted",)

    def __init__(self, docs: Iterable[Any] = (), unlisted: Iterable[Any] = ()) -> None:
        super().__init__(docs)
        self.unlisted = list(unlisted)

    def __repr__(self) -> str:
        if self and all(isinstance(each, ToolDoc) and "signature" in each for each in self):
            text = "\n".join(map(str, self))
        else:
            text = list.__repr__(self)
        unsaid = [f"{each['server']} ({each['reason']})" for each in self.unlisted]
        return f"{text}\n# not looked at: {'; '.join(unsaid)}" if unsaid else text


def docs_of(result: Any) -> ToolDocs:
    """The records in the host's answer to a question for documentation."""
    answer = result if isinstance(result, dict) else {}
    listed = answer.get("docs")
    docs = (
        ToolDoc(records(each)) if isinstance(each, dict) else each
        for each in (listed if isinstance(listed, list) else ())
    )
    return ToolDocs(docs, records(answer.get("unlisted") or []))


# -- what is known of a server -------------------------------------------------------------------


class ServerDocs:
    """The tools of a server and their signatures in this run; or why there are none."""

    def __init__(self, server: str) -> None:
        self.trouble = ""
        self.signatures: list[ToolDoc] = []
        self._tools: dict[str, Tool] = {}
        self._by_name: dict[str, ToolDoc] = {}
        self._strangers: dict[str, ToolDoc | str] = {}
        self._server = server
        try:
            tools = catalogue.tools_sync(server)
            for key in ("alias", "name"):  # a name goes before another tool's alias
                self._tools.update((str(tool.get(key)), tool) for tool in tools)
            self.signatures = self._ask(None)
            self._by_name = {str(doc.get("tool")): doc for doc in self.signatures}
        except MCPError as error:
            self.trouble = str(error)

    def _ask(self, tool: str | None) -> list[ToolDoc]:
        one = "" if tool is None else f'"tool":{encode_text(tool)},'
        params = f'{{"server":{encode_text(self._server)},{one}"detail":"signature"}}'
        docs = docs_of(session.current.channel.request_sync("query_tool_docs", params))
        return [doc for doc in docs if isinstance(doc, ToolDoc)]

    def find(self, tool: str) -> tuple[Tool | None, ToolDoc | None, str]:
        """What lists say of a tool, its signature, and what stands in the way of these."""
        listed = self._tools.get(tool)
        doc = self._by_name.get(listed["name"] if listed else tool)
        if doc is not None or listed is not None or self.trouble:
            return listed, doc, self.trouble
        # The host understands other spellings as well, and has words for those that it does not.
        answer = self._strangers.get(tool)
        if answer is None:
            try:
                docs = self._ask(tool)
                answer = docs[0] if docs else f"Tool {tool!r} not found for server {self._server}"
            except MCPError as error:
                answer = str(error)
            self._strangers[tool] = answer
        if isinstance(answer, str):
            return None, None, answer
        return self._tools.get(str(answer.get("tool"))), answer, ""


def of_server(server: str) -> ServerDocs:
    """Asked for once in a run, also when that fails: `help` alone looks many times."""
    known = catalogue.docs.get(server)
    if known is None:
        known = catalogue.docs[server] = ServerDocs(server)
    return known


# -- one tool ------------------------------------------------------------------------------------


def docstring(server: str, tool: str) -> str:
    """The description of a tool and the types that its signature names."""
    listed, doc, trouble = of_server(server).find(tool)
    parts = []
    for source in (listed, doc):
        words = source.get("description") if source is not None else None
        if isinstance(words, str) and words.strip():
            parts.append(words.strip())
            break
    types = _lines(doc.get("types")) if doc is not None else []
    if types:
        parts.append("\n".join(["Types:", *(f"    {line}" for line in types)]))
    if trouble:
        parts.append(f"No documentation: {trouble}" if not parts else f"No signature: {trouble}")
    return "\n\n".join(parts) or f"Tool {tool!r} of MCP server {server!r}."


def signature(server: str, tool: str) -> Signature:
    """`(**arguments)` for a tool whose signature can't be had, or can't be read."""
    doc = of_server(server).find(tool)[1]
    text = doc.get("signature") if doc is not None else None
    if not isinstance(text, str):
        return _ANYTHING
    try:
        return _parse(text)
    except _UNREADABLE:
        return _ANYTHING


def _parse(text: str) -> Signature:
    """The signature in `mcp_x.tool(path: str, head: int = 5) -> str`."""
    head, bracket, rest = text.partition("(")
    tree = ast.parse(f"def tool{bracket}{rest}: pass")
    function = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(function, ast.FunctionDef) or not isinstance(function.body[0], ast.Pass):
        raise ValueError(f"not the signature of a tool: {head}")
    given = function.args
    if given.posonlyargs or given.vararg or given.kwonlyargs:
        raise ValueError(f"no call has such parameters: {head}")
    required = [Parameter.empty] * (len(given.args) - len(given.defaults))
    parameters = [
        Parameter(
            each.arg,
            Parameter.POSITIONAL_OR_KEYWORD,
            annotation=_type(each.annotation, Parameter.empty),
            default=default,
        )
        for each, default in zip(given.args, required + list(map(_default, given.defaults)))
    ]
    if given.kwarg:
        parameters.append(Parameter(given.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(parameters, return_annotation=_type(function.returns, Signature.empty))


def _type(node: ast.expr | None, none: Any) -> Any:
    return none if node is None else _Type(ast.unparse(node))


def _default(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except _UNREADABLE:
        return _UNSAID
    return _UNSAID if value is ... else value


def _lines(types: Any) -> list[str]:
    return types.splitlines() if isinstance(types, str) else []


def parameter_alias(name: str) -> str:
    """The keyword by which code passes a parameter, as the host's signatures have it."""
    alias = re.sub("_?[^A-Za-z0-9_]+", "_", name)
    if not alias or alias[0].isdigit():
        alias = f"_{alias}"
    return f"{alias}_" if iskeyword(alias) else alias


# -- help ----------------------------------------------------------------------------------------


def show_help(*request: Any) -> None:
    """Python's own, but for what it would show in more words or, in some versions, without the
    signature."""
    of = request[0] if len(request) == 1 else None
    if isinstance(of, ToolFunction):
        print(_tool_help(of))
    elif isinstance(of, ServerProxy):
        print(_server_help(of._name))
    else:
        import pydoc

        pydoc.help(*request)


def _tool_help(function: ToolFunction) -> str:
    """How a tool is called, its description, and the types."""
    server = function.server
    listed = of_server(server).find(function.tool)[0]
    tool = str(listed.get("alias") or listed["name"]) if listed is not None else function.tool
    call = f"mcp_{catalogue.alias_of(server)}.{tool}"
    call = f"await {call}" if hasattr(function, "sync") else f"{call}.sync"
    return f"{call}{function.__signature__}\n{indent(function.__doc__, '    ')}"


def _server_help(server: str) -> str:
    """The description of a server, and how each of its tools is called."""
    entry = catalogue.by_name.get(server) or {"name": server}
    known = of_server(server)
    words = entry.get("description")
    lines = [f"MCP server {server!r}" + (f": {words}" if words else ""), ""]
    if known.trouble:
        lines.append(f"No documentation: {known.trouble}")
    lines += map(str, known.signatures[:_MOST_LINES])
    left = len(known.signatures) - _MOST_LINES
    if left > 0:
        lines.append(f"and {left:,} more: runtime.search_tool_docs('words') finds among them")
    elif not known.signatures and not known.trouble:
        lines.append("It has no tools.")
    return "\n".join(lines)
