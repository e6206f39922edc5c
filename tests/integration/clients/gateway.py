"""One conversation of the official Python SDK's client with a gateway, told as a line of JSON: the
tools of four servers, what these ask, how far they are, and what is cancelled."""

import asyncio
import contextlib
import re

import connecting
from connecting import connected, field, outcome, text, types

FORMS = {"Who travels to Rome, and for how long?": {"name": "Ada", "days": 3},
         "Really?": {"sure": True}}


class Client:
    """What the user behind it answers, and what it is told."""

    def __init__(self, report):
        self.asked, self.changes, self.changed = [], 0, asyncio.Event()
        self.faults = report["protocolErrors"] = []
        self.callbacks = {"elicitation_callback": self.elicit, "sampling_callback": self.sample,
                          "list_roots_callback": self.roots, "message_handler": self.on_message}

    def note(self, method, params):
        self.asked.append({"method": method, "params": params and params.model_dump(
            by_alias=True, mode="json", exclude_none=True)})

    async def elicit(self, context, params):
        self.note("elicitation/create", params)
        question = re.sub("^Server '.*' asks: ", "", params.message)
        if question == "No?":
            return types.ElicitResult(action="decline")
        return types.ElicitResult(action="accept", content=FORMS[question])

    async def sample(self, context, params):
        self.note("sampling/createMessage", params)
        content = params.messages[0].content
        words = content[0].text if isinstance(content, list) else content.text
        return types.CreateMessageResult(
            role="assistant", model="a-model",
            content=types.TextContent(type="text", text=f"<{words}>"))

    async def roots(self, context):
        self.note("roots/list", None)
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/shared", name="shared")])

    async def on_message(self, message):
        if isinstance(message, Exception):
            self.faults.append(repr(message))
        # Version 1 has a wrapper round each notification.
        found = getattr(message, "root", message)
        if getattr(found, "method", "") == "notifications/tools/list_changed":
            self.tell_change()

    def tell_change(self):
        self.changes += 1
        self.changed.set()

    async def listen(self, subscription):
        async for _ in subscription:
            self.tell_change()


async def all_tools(client):
    found, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = field(page, "nextCursor")
        if cursor is None:
            return found


async def cancelled(peer):
    """A call is cancelled once it surely runs: only one under way tells how far it is."""
    moving = asyncio.Event()

    async def on_progress(value, total, message):
        moving.set()

    long = asyncio.ensure_future(peer.client.call_tool(
        "every__trigger-long-running-operation", {"duration": 60, "steps": 600},
        progress_callback=on_progress))
    await moving.wait()
    long.cancel()
    ended = await asyncio.gather(long, return_exceptions=True)
    if connecting.Client is None:
        # Version 1 keeps it to itself when a call is cancelled, so that the tool goes on.
        await peer.client.send_notification(types.ClientNotification(types.CancelledNotification(
            params=types.CancelledNotificationParams(requestId=peer.client._request_id - 1))))
    return {"error": type(ended[0]).__name__}


async def grow(peer, user, run, report):
    # What came late may have been told of before.
    before = user.changes
    user.changed.clear()
    report["grown"] = await run("growing__grow", name="leaf")
    while True:
        names = [tool.name for tool in await all_tools(peer.client)]
        if user.changes > before and "growing__leaf" in names:
            break
        await user.changed.wait()
        user.changed.clear()
    report["leaf"] = await run("growing__leaf")


async def main():
    report, steps = {}, []
    user = Client(report)

    async def on_step(value, total, message):
        steps.append({"progress": value, "total": total, "message": message})

    async with contextlib.AsyncExitStack() as stack:
        peer = await stack.enter_async_context(connected(**user.callbacks))
        client = peer.client

        async def run(name, /, **arguments):
            return text(await client.call_tool(name, arguments))

        report["version"], report["modern"] = peer.version, peer.modern
        if peer.modern:
            subscription = await stack.enter_async_context(client.listen(tools_list_changed=True))
            listening = asyncio.ensure_future(user.listen(subscription))
            stack.callback(listening.cancel)
        listed = await all_tools(client)
        report["tools"] = [tool.name for tool in listed]
        report["echo"] = next(tool.model_dump(by_alias=True, mode="json", exclude_none=True)
                              for tool in listed if tool.name == "every__echo")
        report["answers"] = [await run("asking__confirm", question=asks)
                             for asks in ("Really?", "No?")]
        report["model"] = await run("asking__consult", question="What now?")
        report["roots"] = [await run("asking__folders"), await run("both_eras__folders")]
        report["together"] = await asyncio.gather(
            run("asking__confirm", question="Really?"), run("both_eras__travel", city="Rome"),
            run("every__echo", message="meanwhile"))
        report["climb"] = text(await client.call_tool("both_eras__climb", {"steps": 3},
                                                      progress_callback=on_step))
        report["steps"] = steps
        report["cancelled"] = await cancelled(peer)
        report["afterwards"] = await run("every__echo", message="still there")
        structured = await client.call_tool("every__get-structured-content",
                                            {"location": "Chicago"})
        report["structured"] = field(structured, "structuredContent")
        report["unknown"] = await outcome(client.call_tool("every__ecko", {}))
        report["refused"] = await run("every__echo", words=1)
        await grow(peer, user, run, report)
    report["asked"] = user.asked
    return report


connecting.tell(main)
