"""The official Python SDK's client as a guest of the server `both_eras.py`: progress, questions, an
error, many calls at once, a list that changes. Told as a line of JSON."""

import asyncio

from connecting import connected, outcome, tell, text, types


async def main():
    asked = []

    async def elicit(context, params):
        asked.append(params.message)
        return types.ElicitResult(action="accept", content={"name": "Ada", "days": 3})

    async def sample(context, params):
        content = params.messages[0].content
        words = content[0].text if isinstance(content, list) else content.text
        asked.append(words)
        return types.CreateMessageResult(role="assistant", model="a-model",
                                         content=types.TextContent(type="text", text=f"<{words}>"))

    async def roots(context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/shared", name="shared")])

    async with connected(elicitation_callback=elicit, sampling_callback=sample,
                         list_roots_callback=roots) as peer:
        steps = []

        async def on_progress(value, total, message):
            steps.append([value, total, message])

        report = {"version": peer.version, "modern": peer.modern, "asked": asked, "steps": steps}
        report["tools"] = sorted(tool.name for tool in (await peer.client.list_tools()).tools)
        report["climbed"] = text(await peer.client.call_tool("climb", {"steps": 50},
                                                             progress_callback=on_progress))
        report["travelled"] = text(await peer.client.call_tool("travel", {"city": "Rome"}))
        report["folders"] = text(await peer.client.call_tool("folders", {}))
        report["unknown"] = await outcome(peer.client.read_resource("note://never"))
        together = await asyncio.gather(
            *[peer.client.call_tool("climb", {"steps": n}) for n in range(1, 65)])
        report["together"] = sorted({text(each) for each in together})
        report["grown"] = text(await peer.client.call_tool("grow", {"name": "sprout"}))
        report["afterwards"] = sorted(tool.name for tool in (await peer.client.list_tools()).tools)
    return report


tell(main)
