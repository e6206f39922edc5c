"""A server that gets a new tool while it runs, and says so. The list comes a tool a page."""

import asyncio

from mcp import types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.stdio import stdio_server


server = Server("growing")
names = ["grow"]


@server.list_tools()
async def list_tools(request: types.ListToolsRequest) -> types.ListToolsResult:
    # The second page's cursor is the empty string, which is as good as any.
    cursors = ["", *(str(n) for n in range(2, 100))]
    # The SDK asks for itself without a request.
    cursor = request.params.cursor if request and request.params else None
    page = 0 if cursor is None else cursors.index(cursor) + 1
    name = names[page]
    tool = types.Tool(name=name, description=f"The tool {name}.", inputSchema={"type": "object"})
    return types.ListToolsResult(
        tools=[tool], nextCursor=cursors[page] if page + 1 < len(names) else None)


@server.call_tool(validate_input=False)
async def call_tool(name, arguments):
    if name == "grow":
        names.append(arguments["name"])
        await server.request_context.session.send_tool_list_changed()
        return [types.TextContent(type="text", text="grown")]
    return [types.TextContent(type="text", text=f"{name} was called")]


async def main():
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options(
            NotificationOptions(tools_changed=True)))


asyncio.run(main())
