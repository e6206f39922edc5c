"""The least proxy that the official Python SDK makes: a low-level server whose handlers are a
client's calls."""
import sys

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def main(command, *args):
    async with Client(StdioServerParameters(command=command, args=args)) as client:

        async def list_tools(context, params):
            return await client.list_tools(cursor=params.cursor if params else None)

        async def call_tool(context, params):
            return await client.call_tool(params.name, params.arguments)

        server = Server("proxy", on_list_tools=list_tools, on_call_tool=call_tool)
        async with stdio_server() as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())


anyio.run(main, *sys.argv[1:])
