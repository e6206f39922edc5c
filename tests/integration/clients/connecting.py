"""The official Python SDK's client, versions 1 and 2, with what differs between them folded away.

Each program here is run with <mode> <program>, by a Python that has either version. Version 1 has
the mode `legacy` alone; for version 2 it is how the era is found: legacy, auto, or modern, which is
adopted unasked.
"""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

try:
    from mcp import Client  # 2.x
    from mcp.shared.exceptions import MCPError as Failure
    import mcp_types as types
except ImportError:
    from mcp import ClientSession, types
    from mcp import McpError as Failure  # 1.x

    Client = None

MODES = {"legacy": "legacy", "auto": "auto", "modern": "2026-07-28"}


class Peer:
    def __init__(self, client, server, version):
        self.client = client
        self.server = server
        self.version = version
        self.modern = version == "2026-07-28"

    async def run(self, code, *, level=None, on_progress=None, **arguments):
        more = {} if level is None else {"meta": {"io.modelcontextprotocol/logLevel": level}}
        return await self.client.call_tool("run_python", {"code": code, **arguments},
                                           progress_callback=on_progress, **more)


@asynccontextmanager
async def connected(**callbacks):
    """Callbacks are those of the SDK, by its names: sampling_callback, logging_callback, …"""
    mode, program = sys.argv[1:3]
    transport = stdio_client(StdioServerParameters(command=program, args=[], env=dict(os.environ)))
    if Client is None:
        async with transport as (reader, writer):
            async with ClientSession(reader, writer, **callbacks) as session:
                greeting = await session.initialize()
                yield Peer(session, greeting.serverInfo.name, greeting.protocolVersion)
    else:
        async with Client(transport, mode=MODES[mode], **callbacks) as client:
            # Who adopts a version unasked has not heard who answers.
            name = client.server_info.name if client.server_info else None
            yield Peer(client, name, client.protocol_version)


def text(result):
    return "\n".join(block.text for block in result.content)


def field(model, name):
    """A field by its name on the wire, as both versions of the SDK know it."""
    return model.model_dump(by_alias=True, mode="json").get(name)


async def outcome(awaitable):
    try:
        return {"result": repr(await awaitable)}
    except Failure as error:
        return {"code": error.error.code, "message": error.error.message}


def tell(main):
    """Runs it and prints its report."""
    print(json.dumps(asyncio.run(main())))
