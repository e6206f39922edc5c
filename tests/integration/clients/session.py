"""One conversation of the official Python SDK's client with Headrace, told as a line of JSON.

python session.py <program>, run by a Python that has version 1 or 2 of the SDK.
"""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

LONG = """
import time
interrupted = None
try:
    time.sleep(100)
except BaseException as e:
    interrupted = type(e).__name__
    raise
"""

try:
    from mcp import McpError as Failure  # 1.x
except ImportError:
    from mcp.shared.exceptions import MCPError as Failure  # 2.x


@asynccontextmanager
async def connected(program):
    parameters = StdioServerParameters(command=program, args=[], env=dict(os.environ))
    try:
        from mcp import Client  # 2.x
    except ImportError:
        from mcp import ClientSession

        async with stdio_client(parameters) as (reader, writer):
            async with ClientSession(reader, writer) as session:
                greeting = await session.initialize()
                yield session, greeting.serverInfo.name
        return
    async with Client(stdio_client(parameters), mode="auto") as client:
        yield client, client.server_info.name


def text(result):
    return "\n".join(block.text for block in result.content)


def field(model, name):
    """A field by its name on the wire, as both versions of the SDK know it."""
    return model.model_dump(by_alias=True).get(name)


async def failure(awaitable):
    try:
        return {"result": repr(await awaitable)}
    except Failure as error:
        return {"code": error.error.code, "message": error.error.message}


async def main(program):
    report = {}
    async with connected(program) as (client, name):
        report["server"] = name

        async def run(code, **arguments):
            return await client.call_tool("run_python", {"code": code, **arguments})

        report["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        resources = (await client.list_resources()).resources
        report["resources"] = [str(resource.uri) for resource in resources]
        read = await client.read_resource(resources[0].uri)
        report["resource"] = read.contents[0].text
        first = await run("kept = 6 * 7\nprint(kept)")
        report["output"] = text(first)
        report["structured"] = field(first, "structuredContent")
        failed = await run("1 / 0")
        report["failed"] = {"isError": field(failed, "isError"), "text": text(failed)}
        report["unknownTool"] = await failure(client.call_tool("no_such_tool", {}))
        report["unknownResource"] = await failure(client.read_resource("resource://none"))

        progress = []
        running = asyncio.Event()

        async def on_progress(value, total, message):
            progress.append({"progress": value, "message": message})
            if message and message.startswith("running"):
                running.set()

        long = asyncio.ensure_future(client.call_tool(
            "run_python", {"code": LONG, "timeout": 100}, progress_callback=on_progress))
        await running.wait()
        long.cancel()
        cancelled = await asyncio.gather(long, return_exceptions=True)
        report["cancelled"] = {"error": type(cancelled[0]).__name__}
        # Version 1 keeps it to itself when a call is cancelled, so that the run goes on.
        report["progress"] = progress
        if hasattr(client, "send_notification"):
            from mcp import types

            await client.send_notification(types.ClientNotification(types.CancelledNotification(
                params=types.CancelledNotificationParams(requestId=client._request_id - 1))))
        report["afterwards"] = text(await run("print(kept, interrupted)"))
    report["protocolErrors"] = []
    print(json.dumps(report))


asyncio.run(main(sys.argv[1]))
