"""One conversation of the official Python SDK's client with Headrace, told as a line of JSON."""

import asyncio

import connecting
from connecting import connected, field, outcome, text, types

LONG = """
import time
interrupted = None
try:
    time.sleep(100)
except BaseException as e:
    interrupted = type(e).__name__
    raise
"""

FILES = """
for n in range(250): open(f'/workspace/{n:03}.txt', 'w').write(f'file {n}')
open('/workspace/bytes.bin', 'wb').write(bytes(range(256)));
"""


async def cancelled(peer, report):
    """A run is cancelled once it surely runs: only one under way reports that it is."""
    progress = []
    running = asyncio.Event()

    async def on_progress(value, total, message):
        progress.append({"progress": value, "message": message})
        if message and message.startswith("running"):
            running.set()

    long = asyncio.ensure_future(peer.run(LONG, timeout=100, on_progress=on_progress))
    await running.wait()
    long.cancel()
    ended = await asyncio.gather(long, return_exceptions=True)
    report["cancelled"] = {"error": type(ended[0]).__name__}
    report["progress"] = progress
    if connecting.Client is None:
        # Version 1 keeps it to itself when a call is cancelled, so that the run goes on.
        await peer.client.send_notification(types.ClientNotification(types.CancelledNotification(
            params=types.CancelledNotificationParams(requestId=peer.client._request_id - 1))))


async def grumble(peer, words, level):
    """What a server logs is heard from a level on: set once for all, or with the request."""
    code = f"print(await mcp_office.grumble(text={words!r}))"
    if peer.modern:
        return text(await peer.run(code, level=level))
    await peer.client.set_logging_level(level)
    return text(await peer.run(code))


async def pages(client, report):
    listed, cursor, report["pages"] = [], None, 0
    while report["pages"] == 0 or cursor is not None:
        page = await client.list_resources(cursor=cursor)
        listed += [str(resource.uri) for resource in page.resources]
        cursor = field(page, "nextCursor")
        report["pages"] += 1
    report["files"] = sum(uri.endswith(".txt") for uri in listed)
    report["different"] = len(set(listed)) == len(listed)
    return {uri.rpartition("/")[2]: uri for uri in listed}


async def main():
    report, logs = {"protocolErrors": []}, []

    async def on_log(params):
        logs.append({"level": params.level, "data": params.data, "logger": params.logger})

    async def on_message(message):
        if isinstance(message, Exception):
            report["protocolErrors"].append(repr(message))

    async with connected(logging_callback=on_log, message_handler=on_message) as peer:
        client, run = peer.client, peer.run
        report["server"], report["version"] = peer.server, peer.version
        report["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        resources = (await client.list_resources()).resources
        report["resources"] = [str(resource.uri) for resource in resources]
        read = await client.read_resource(resources[0].uri)
        report["resource"] = read.contents[0].text
        templates = field(await client.list_resource_templates(), "resourceTemplates")
        report["templates"] = [template["uriTemplate"] for template in templates]
        first = await run("kept = 6 * 7\nprint(kept)")
        report["output"] = text(first)
        report["structured"] = field(first, "structuredContent")
        failed = await run("1 / 0")
        report["failed"] = {"isError": field(failed, "isError"), "text": text(failed)}
        report["unknownTool"] = await outcome(client.call_tool("no_such_tool", {}))
        report["unknownResource"] = await outcome(client.read_resource("resource://none"))
        await cancelled(peer, report)
        report["afterwards"] = text(await run("print(kept, interrupted)"))
        report["grumbled"] = [await grumble(peer, "a trifle", "error"),
                              await grumble(peer, "a grave matter", "info")]
        report["logs"] = logs
        made = await run(FILES)
        report["links"] = sum(block.type == "resource_link" for block in made.content)
        uris = await pages(client, report)
        report["text"] = (await client.read_resource(uris["249.txt"])).contents[0].text
        report["blob"] = (await client.read_resource(uris["bytes.bin"])).contents[0].blob
        report["badCursor"] = await outcome(client.list_resources(cursor="nowhere"))
        if not peer.modern:
            report["ping"] = (await client.send_ping()).model_dump(exclude_none=True)
    return report


connecting.tell(main)
