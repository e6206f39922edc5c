"""A small office over MCP, as jira- and filesystem-like servers answer: typed results, plain texts,
JSON in a text, pictures, and failures."""

import asyncio
import base64
import json
import os

from mcp.server.fastmcp import Context, FastMCP, Image

server = FastMCP("office", log_level="ERROR")

ISSUES = {
    "HR-1": {"id": "HR-1", "status": "open", "description": "A TURBINE runs DRY"},
    "HR-2": {"id": "HR-2", "status": "closed", "description": "Paint the gate"},
    "HR-3": {"id": "HR-3", "status": "open", "description": "A turbine is loud"},
}


@server.tool()
def search_issues(query: str) -> list[dict[str, str]]:
    """Finds issues by a word."""
    return [issue for issue in ISSUES.values() if query.lower() in issue["description"].lower()]


@server.tool(structured_output=False)
def search_text(query: str) -> str:
    """Finds issues by a word; answers JSON as a text, as many servers do."""
    return json.dumps(search_issues(query))


@server.tool()
def get_issue(id: str) -> dict[str, str]:
    """One issue."""
    if id not in ISSUES:
        raise ValueError(f"there is no issue {id}")
    return ISSUES[id]


@server.tool()
def count(word: str) -> int:
    """How many issues hold a word."""
    return len(search_issues(word))


@server.tool(structured_output=False)
def list_folder(path: str) -> str:
    """The names in a folder, a line each."""
    return "\n".join(sorted(os.listdir(path)))


@server.tool(structured_output=False)
def read_text(path: str) -> str:
    """A file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


@server.tool()
def picture() -> Image:
    """One red pixel."""
    pixel = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ"
             "DwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
    return Image(data=base64.b64decode(pixel), format="png")


@server.tool()
async def nap(seconds: float) -> str:
    """Sleeps, and others may be served meanwhile."""
    await asyncio.sleep(seconds)
    return "rested"


@server.tool()
def surroundings() -> dict:
    """What the process was given."""
    return {"environment": dict(os.environ), "cwd": os.getcwd(), "pid": os.getpid()}


@server.tool(name="class")
def python_keyword(value: str = "default") -> str:
    """A tool whose name is a keyword in Python."""
    return f"class {value}"


@server.tool(name="strange-name.v2")
def strange_name() -> str:
    """A tool whose name is no identifier."""
    return "strange"


@server.tool()
async def grumble(text: str, context: Context) -> str:
    """Logs a warning."""
    await context.warning(text)
    return "logged"


if __name__ == "__main__":
    server.run()
