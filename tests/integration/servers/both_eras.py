"""A server on the Python SDK of the modern era, which speaks either as it is spoken to: it asks
while it works, tells how far it is, and changes while it runs. Run by the Python of that SDK."""

from typing import Annotated

from mcp.server.mcpserver import Context, Elicit, ListRoots, MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult, ListRootsResult, SamplingMessage, TextContent
from pydantic import BaseModel

server = MCPServer("both-eras", version="1")


class Traveller(BaseModel):
    name: str
    days: int


def traveller(city: str) -> Elicit[Traveller]:
    return Elicit(f"Who travels to {city}, and for how long?", Traveller)


def plan(city: str, who: Annotated[Traveller, Resolve(traveller)]) -> Sample:
    words = f"Plan {who.days} days in {city} for {who.name}"
    return Sample([SamplingMessage(role="user", content=TextContent(type="text", text=words))],
                  max_tokens=100)


def roots() -> ListRoots:
    return ListRoots()


@server.tool()
def travel(city: str, who: Annotated[Traveller, Resolve(traveller)],
           planned: Annotated[CreateMessageResult, Resolve(plan)]) -> str:
    """Asks who travels, then a model for a plan: two rounds, the second with what the first gave."""
    return f"{who.name}, {who.days} days in {city}: {planned.content.text}"


@server.tool()
def folders(found: Annotated[ListRootsResult, Resolve(roots)]) -> list[str]:
    """The client's roots."""
    return [str(root.uri) for root in found.roots]


@server.tool()
async def climb(steps: int, context: Context) -> str:
    """Tells of each step."""
    for step in range(1, steps + 1):
        await context.report_progress(step, steps, f"step {step}")
    return "at the top"


@server.tool()
async def grow(name: str, context: Context) -> str:
    """Gets another tool, and says so."""
    server.add_tool(lambda: f"{name} was called", name=name, description=f"The tool {name}.")
    await context.notify_tools_changed()
    return "grown"


@server.resource("note://today")
def today() -> str:
    return "nothing planned"


@server.prompt()
def greet(who: str) -> str:
    return f"Greet {who}."


if __name__ == "__main__":
    server.run()
