"""What servers behind Headrace ask, answered by the official Python SDK's client: what it was asked
and what came of it. A third argument `unable` is a client that can't answer anything."""

import asyncio
import re
import sys

import connecting
from connecting import connected, text, types

TOGETHER = """
import asyncio
for each in await asyncio.gather(mcp_asking.confirm(question='Really?'),
        mcp_both_eras.travel(city='Rome'), mcp_asking.consult(question='And?'),
        mcp_both_eras.climb(steps=2), return_exceptions=True):
    print(each)
"""

# What a user answers.
ANSWERS = {
    "Who travels to Rome, and for how long?": {"name": "Ada", "days": 3},
    "Really?": {"sure": True},
    "Slowly?": {"sure": True},
}


async def main():
    asked, slow, answered = [], asyncio.Event(), asyncio.Event()

    def note(method, params):
        asked.append({"method": method,
                      "params": params.model_dump(by_alias=True, mode="json", exclude_none=True)})

    async def elicit(context, params):
        note("elicitation/create", params)
        # The server's name stands before the question.
        question = re.sub("^Server '.*' asks: ", "", params.message)
        if question in ("No?", "Neither?"):
            return types.ElicitResult(action={"No?": "decline", "Neither?": "cancel"}[question])
        if question == "Slowly?":
            slow.set()
            await answered.wait()
        return types.ElicitResult(action="accept", content=ANSWERS[question])

    async def sample(context, params):
        note("sampling/createMessage", params)
        content = params.messages[0].content
        words = content[0].text if isinstance(content, list) else content.text
        return types.CreateMessageResult(
            role="assistant", model="a-model",
            content=types.TextContent(type="text", text=f"<{words}>"))

    async def roots(context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/shared", name="shared")])

    able = "unable" not in sys.argv[3:]
    callbacks = {"elicitation_callback": elicit, "sampling_callback": sample,
                 "list_roots_callback": roots} if able else {}
    async with connected(**callbacks) as peer:
        async def run(code, **arguments):
            return text(await peer.run(code, **arguments))

        report = {"version": peer.version, "modern": peer.modern, "asked": asked,
                  "protocolErrors": []}
        for question in ("Really?", "No?", "Neither?"):
            report[question] = await run(
                f"before = 41\nprint(await mcp_asking.confirm(question={question!r}), before + 1)")
        report["model"] = await run("print(await mcp_asking.consult(question='What now?'))")
        report["roots"] = await run("print(await mcp_asking.folders())")
        report["together"] = await run(TOGETHER, timeout=100)
        if able:
            # Somebody takes longer to answer than the run may take.
            waiting = asyncio.ensure_future(run(
                "print(await mcp_asking.confirm(question='Slowly?'))", timeout=3))
            await slow.wait()
            await asyncio.sleep(5)
            answered.set()
            report["slowly"] = await waiting
        report["afterwards"] = await run("print(before)")
    return report


connecting.tell(main)
