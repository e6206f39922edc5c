"""What code sees of a tool's documentation: signatures in docs, help(), inspect and dir()."""

from __future__ import annotations

import json

import pytest
from fake_host import RpcError, text_result

TOOLS = [
    {
        "name": "create-issue",
        "alias": "create_issue",
        "description": "Creates an issue.\n\nAnd tells whom it concerns.",
        "inputSchema": {
            "type": "object",
            "properties": {"from": {}, "a-b": {}, "owner": {}},
            "required": ["owner"],
        },
    },
    {"name": "now", "alias": "now", "description": "", "inputSchema": {}},
]
CREATE = (
    "(owner: str, from_: Literal['a', 'b'] | None = ..., a_b: dict[str, Opts] = {'k': [-1]}, "
    "**extra) -> list[Issue]"
)
SIGNATURES = [
    {
        "server": "filesystem",
        "tool": "create-issue",
        "signature": f"mcp_filesystem.create_issue{CREATE}",
        "types": "class Opts(TypedDict): n: int\nclass Issue(TypedDict): id: int",
        "description": "Creates an issue",
    },
    {"server": "filesystem", "tool": "now", "signature": "mcp_filesystem.now()"},
]


class Documented:
    """A host that knows two tools, and what it was asked about them."""

    def __init__(self, host) -> None:
        self.host, self.asked, self.signatures = host, [], SIGNATURES
        host.handlers["list_tools"] = lambda params: {"tools": TOOLS}
        host.handlers["query_tool_docs"] = self.docs

    def docs(self, params):
        self.asked.append(params)
        if "tool" not in params:
            return {"docs": self.signatures}
        for doc in self.signatures:
            if params["tool"].lower().replace("_", "-") == doc["tool"]:
                return {"docs": [doc]}
        raise RpcError(-32011, f"Tool '{params['tool']}' not found; did you mean 'now'?")

    def shows(self, code: str) -> str:
        outcome = self.host.run(code)
        assert outcome.status == "success" and outcome.stderr == "", outcome
        return outcome.stdout


@pytest.fixture
def documented(host):
    return Documented(host)


# -- docs ----------------------------------------------------------------------------------------

PRINTED = (
    f"mcp_filesystem.create_issue{CREATE}  # Creates an issue\n"
    "    class Opts(TypedDict): n: int\n    class Issue(TypedDict): id: int\n"
    "mcp_filesystem.now()\n"
)


def test_signature_docs_print_as_signatures(documented):
    ask = "await runtime.query_tool_docs('filesystem', detail='Signature')"
    assert documented.shows(f"print({ask})") == PRINTED
    assert documented.shows(ask) == PRINTED
    assert documented.shows(f"display({ask})\nfor d in {ask}: print(d)") == PRINTED * 2
    assert documented.shows(f"print(({ask})[1])") == "mcp_filesystem.now()\n"
    assert all(each == {"server": "filesystem", "detail": "signature"} for each in documented.asked)


def test_signature_docs_are_records(documented):
    code = """
import json
docs = runtime.query_tool_docs_sync('filesystem', detail='signature')
one = await runtime.query_tool_docs('filesystem', 'create_issue', detail='signature')
print(json.dumps([docs, one, isinstance(docs, list), docs[0]['tool'], docs[0].tool, docs == [*docs]]))
"""
    told = json.loads(documented.shows(code))
    assert told == [SIGNATURES, SIGNATURES[0], True, "create-issue", "create-issue", True]


def test_other_docs_look_like_dicts(documented):
    documented.signatures = [{"server": "filesystem", "tool": "now", "running": True}]
    words = "{'server': 'filesystem', 'tool': 'now', 'running': True}"
    assert documented.shows("print(runtime.query_tool_docs_sync('filesystem'))") == f"[{words}]\n"
    assert documented.shows("print(runtime.query_tool_docs_sync('filesystem')[0])") == f"{words}\n"
    documented.signatures = []
    assert documented.shows("print(await runtime.query_tool_docs('filesystem'))") == "[]\n"


def test_search_passes_on_what_the_host_tells(documented):
    found = [{**SIGNATURES[0], "score": 7.5, "running": False}]
    asked = []
    documented.host.handlers["search_tool_docs"] = lambda p: asked.append(p) or {"docs": found}
    code = """
docs = await runtime.search_tool_docs('issue', limit=3, detail='signature')
print(docs[0].score, docs[0]['running'])
print(runtime.search_tool_docs_sync('issue', detail='SIGNATURE'))
"""
    first, _, rest = PRINTED.partition("\n")
    assert documented.shows(code) == f"7.5 False\n{first}\n" + rest.replace("mcp_filesystem.now()\n", "")
    assert [(each["limit"], each["detail"]) for each in asked] == [(3, "signature"), (5, "signature")]


# -- help and inspect ----------------------------------------------------------------------------


def test_nothing_is_asked_before_somebody_looks(documented):
    documented.host.tools["filesystem", "now"] = lambda arguments: text_result("noon")
    assert documented.shows("tool = mcp_filesystem.now\nprint(await tool(), tool)") == (
        "noon <tool 'now' of MCP server 'filesystem'>\n"
    )
    assert documented.asked == []


def test_help_on_a_tool(documented):
    words = (
        "\n    Creates an issue.\n\n    And tells whom it concerns.\n\n"
        "    Types:\n        class Opts(TypedDict): n: int\n        class Issue(TypedDict): id: int\n"
    )
    expected = f"await mcp_filesystem.create_issue{CREATE}{words}"
    assert documented.shows("help(mcp_filesystem.create_issue)") == expected
    assert documented.shows("help(mcp_filesystem['create-issue'])") == expected
    imported = "from mcp.servers.filesystem import create_issue\nhelp(create_issue)"
    assert documented.shows(imported) == expected
    assert documented.shows("help(mcp_filesystem.create_issue.sync)") == (
        f"mcp_filesystem.create_issue.sync{CREATE}{words}"
    )
    pythons = documented.shows("import pydoc\npydoc.help(mcp_filesystem.create_issue)")
    assert words in pythons.replace("\n    \n", "\n\n")


def test_documentation_is_asked_for_once_a_run(documented):
    look = "help(mcp_filesystem.now); help(mcp_filesystem.create_issue); help(mcp_filesystem)"
    documented.host.run(look)
    assert documented.asked == [{"server": "filesystem", "detail": "signature"}]
    documented.host.run(look)
    assert len(documented.asked) == 2


def test_a_tool_may_have_changed_by_the_next_run(documented):
    look = "import inspect\nprint(inspect.signature(mcp_filesystem.now))"
    assert documented.shows(look) == "()\n"
    documented.signatures = [{"tool": "now", "signature": "mcp_filesystem.now(zone: str) -> str"}]
    assert documented.shows(look) == "(zone: str) -> str\n"


def test_inspect(documented):
    code = """
import inspect, asyncio, functools
tool = mcp_filesystem.create_issue
signature = inspect.signature(tool)
print(signature)
print({name: (p.annotation, p.default) for name, p in signature.parameters.items()})
print(inspect.signature(tool.sync) == signature, signature.return_annotation == 'list[Issue]')
print(isinstance(signature.parameters['owner'].annotation, str))
print(signature.parameters['owner'].default is signature.empty, signature.bind('me', a_b=1).arguments)
print(inspect.iscoroutinefunction(tool), asyncio.iscoroutinefunction(tool))
print(inspect.iscoroutinefunction(tool.sync), inspect.getdoc(tool) == tool.__doc__ == tool.sync.__doc__)
print(tool.__name__, tool.__qualname__, tool.__module__, mcp.servers.filesystem.now.__module__)
@functools.wraps(tool)
async def retrying(*args, **arguments): return await tool(*args, **arguments)
print(inspect.signature(retrying) == signature, retrying.__doc__ == tool.__doc__)
"""
    outcome = documented.host.run(code)  # asyncio.iscoroutinefunction is deprecated somewhere
    assert outcome.status == "success", outcome
    assert outcome.stdout.splitlines() == [
        CREATE,
        "{'owner': (str, <class 'inspect._empty'>), "
        "'from_': (Literal['a', 'b'] | None, ...), 'a_b': (dict[str, Opts], {'k': [-1]}), "
        "'extra': (<class 'inspect._empty'>, <class 'inspect._empty'>)}",
        "True True",
        "True",
        "True {'owner': 'me', 'a_b': 1}",
        "True True",
        "False True",
        "create_issue create_issue mcp_filesystem mcp.servers.filesystem",
        "True True",
    ]


@pytest.mark.parametrize(
    "signature",
    [
        "x.t(a: str",
        "x.t(a: str): pass\nimport os\ndef f()",
        "x.t(): print('run')",
        "x.t(a=print('run'))",
        "x.t(a, a)",
        "x.t(a, /, *b, c)",
        "x.t(a: \0)",
        "x.t(a: '\ud800')",
        "x.t(" + "(" * 5000,
        "x.t(a: " + "list[" * 2000 + "]" * 2000 + ")",
        "nothing",
        "",
        5,
        None,
    ],
)
def test_signatures_that_cannot_be_read(documented, signature):
    documented.signatures = [{"tool": "now", "signature": signature, "types": 5, "description": []}]
    code = """
import inspect
print(inspect.signature(mcp_filesystem.now))
help(mcp_filesystem.now)
help(mcp_filesystem)
"""
    shown = documented.shows(code).splitlines()
    expected = "(a=...)" if signature == "x.t(a=print('run'))" else "(**arguments)"
    assert shown[0] == expected and f"await mcp_filesystem.now{expected}" in shown
    assert "run" not in shown


def test_a_tool_that_does_not_exist(documented):
    code = """
import inspect
print(inspect.signature(mcp_filesystem.nwo))
print(mcp_filesystem.nwo.__doc__)
help(mcp_filesystem.nwo)
"""
    words = "No documentation: Tool 'nwo' not found; did you mean 'now'?"
    shown = documented.shows(code)
    assert shown.startswith(f"(**arguments)\n{words}\n") and shown.count(words) == 2
    assert [each.get("tool") for each in documented.asked] == [None, "nwo"]


def test_a_spelling_that_the_host_understands(documented):
    doc = documented.shows("print(mcp_filesystem.Create_Issue.__doc__)")
    assert doc.startswith("Creates an issue.\n\nAnd tells whom")


def test_a_server_that_fails_says_so_once_asked(host):
    documented, asked = Documented(host), []

    def fails(params):
        asked.append(params)
        raise RpcError(-32012, "Server 'filesystem' could not be started: no such file")

    host.handlers["list_tools"] = fails
    code = """
import inspect
help(mcp_filesystem.now)
help(mcp_filesystem)
print(inspect.signature(mcp_filesystem.now), inspect.signature(mcp_filesystem.other))
"""
    shown = documented.shows(code)
    words = "No documentation: Server 'filesystem' could not be started: no such file"
    assert shown.count(words) == 2 and shown.endswith("(**arguments) (**arguments)\n")
    assert len(asked) == 1 and documented.asked == []
    assert documented.shows("print(dir(mcp_filesystem))") == "['list_tools']\n"


def test_a_host_without_signatures(documented):
    def fails(params):
        raise RpcError(-32601, "no such method")

    documented.host.handlers["query_tool_docs"] = fails
    shown = documented.shows("print(mcp_filesystem.create_issue.__doc__)\nhelp(mcp_filesystem)")
    assert shown.startswith("Creates an issue.") and "No signature: no such method\n" in shown
    assert shown.endswith("No documentation: no such method\n")


def test_help_on_a_server(documented):
    expected = f"MCP server 'filesystem': Files\n\n{PRINTED}"
    assert documented.shows("help(mcp_filesystem)") == expected
    assert documented.shows("help(mcp_servers['filesystem'])\nprint(mcp_filesystem.__doc__)") == (
        f"{expected}Files\n"
    )
    documented.signatures = [
        {"tool": f"t{n}", "signature": f"mcp_filesystem.t{n}()"} for n in range(1234)
    ]
    lines = documented.shows("help(mcp_filesystem)").splitlines()
    assert lines[2] == "mcp_filesystem.t0()" and lines[-1].startswith("and 1,034 more:")
    assert len(lines) == 203
    documented.signatures = []
    assert documented.shows("help(mcp_filesystem)").endswith("\n\nIt has no tools.\n")


def test_help_on_a_servers_module(documented):
    shown = documented.shows("import mcp.servers.filesystem as m\nhelp(m)")
    assert "mcp.servers.filesystem - Files\n" in shown
    assert "create_issue" in shown and "        Creates an issue.\n" in shown


def test_help_on_anything_else(host):
    shown = host.run("help(len)\ndef f(x):\n    'Words.'\nhelp(f)\nhelp('is')").stdout
    assert "len(obj, /)" in shown and "f(x)\n    Words.\n" in shown
    assert host.run("help = 5").status == "success"
    assert host.run("help").stdout == "5\n"


def test_help_can_be_interrupted(host):
    host.start(
        "class Slow:\n    @property\n    def __doc__(self):\n        print('on', flush=True)\n"
        "        while True: pass\nhelp(Slow())"
    )
    host.wait_output("on")
    host.interrupt()
    assert host.finish().interrupt == "timeout"


def test_dir_of_a_server(documented):
    assert documented.shows("print(dir(mcp_filesystem))") == "['create_issue', 'list_tools', 'now']\n"


# -- arguments -----------------------------------------------------------------------------------


def test_arguments_by_position_and_by_alias(documented):
    documented.host.tools["filesystem", "create_issue"] = lambda arguments: text_result(
        "", structuredContent={"arguments": arguments}
    )
    code = """
tool = mcp_filesystem.create_issue
for result in (
    tool.sync('me', 'x'),
    await tool('me', 'y', a_b=1),
    await tool('me', 2, from_='z'),
    await tool('me', **{'from': 'z', 'a-b': 3}),
    await tool(from_='z'),
    await tool({}, owner='me'),
    await tool({}),
    await tool({'self': 1}, tool=2),
): print(result.arguments)
"""
    assert documented.shows(code).splitlines() == [
        "{'owner': 'me', 'from': 'x'}",
        "{'owner': 'me', 'from': 'y', 'a_b': 1}",
        "{'owner': 'me', 'a-b': 2, 'from_': 'z'}",
        "{'owner': 'me', 'from': 'z', 'a-b': 3}",
        "{'from_': 'z'}",
        "{'owner': 'me'}",
        "{}",
        "{'self': 1, 'tool': 2}",
    ]
    outcome = documented.host.run("await mcp_filesystem.create_issue(1, 2, 3, 4)")
    assert outcome.error == "TypeError: create_issue() takes keyword arguments: from, a-b, owner"
