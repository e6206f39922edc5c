"""A server that asks its client for things, whether or not that can do them."""

from mcp import types
from mcp.server.fastmcp import Context, FastMCP
from pydantic import BaseModel

server = FastMCP("asking", log_level="ERROR")


class Choice(BaseModel):
    sure: bool


@server.tool(structured_output=False)
async def confirm(question: str, context: Context) -> str:
    """Asks the user."""
    answer = await context.elicit(question, Choice)
    return f"{answer.action} {answer.data.sure}" if answer.action == "accept" else answer.action


@server.tool(structured_output=False)
async def consult(question: str, context: Context) -> str:
    """Asks the client's model."""
    message = types.SamplingMessage(role="user",
                                    content=types.TextContent(type="text", text=question))
    answer = await context.session.create_message([message], max_tokens=50)
    return f"{answer.model}: {answer.content.text}"


@server.tool(structured_output=False)
async def folders(context: Context) -> str:
    """Asks for the client's roots."""
    return " ".join(str(root.uri) for root in (await context.session.list_roots()).roots)


if __name__ == "__main__":
    server.run()
