"""What the official Python SDK's client hears of changes that it asked to be told of."""

import asyncio

import connecting
from connecting import connected, text

URI = "headrace://sessions/default/files/watched.txt"


async def main():
    heard, report = asyncio.Queue(), {"protocolErrors": []}

    async def on_message(message):
        if isinstance(message, Exception):
            report["protocolErrors"].append(repr(message))
        # Version 1 has a wrapper round each notification.
        found = getattr(message, "root", message)
        method = getattr(found, "method", "")
        if method.startswith("notifications/resources/"):
            uri = found.params.uri if method.endswith("updated") else ""
            heard.put_nowait((method, str(uri)))

    async def wait_for(method):
        """The next of its kind; others that come before are passed over."""
        while True:
            found, uri = await heard.get()
            if found.endswith(method):
                return uri

    async def from_listening(subscription):
        async for change in subscription:
            uri = getattr(change, "uri", None)
            kind = "updated" if uri else "list_changed"
            heard.put_nowait((f"notifications/resources/{kind}", str(uri or "")))

    async def changes(peer):
        before = len((await peer.client.list_resources()).resources)
        await peer.run("open('/workspace/watched.txt', 'w').write('one');")
        report["listed"] = await wait_for("list_changed") == ""
        report["more"] = len((await peer.client.list_resources()).resources) - before
        await peer.run("open('/workspace/watched.txt', 'w').write('two and more');")
        report["updated"] = await wait_for("updated")
        read = await peer.client.read_resource(URI)
        report["content"] = read.contents[0].text

    async with connected(message_handler=on_message) as peer:
        client = peer.client
        report["version"], report["modern"] = peer.version, peer.modern
        if peer.modern:
            async with client.listen(resources_list_changed=True,
                                     resource_subscriptions=[URI]) as subscription:
                report["honoured"] = subscription.honored.model_dump(
                    by_alias=True, mode="json", exclude_none=True)
                listening = asyncio.ensure_future(from_listening(subscription))
                await changes(peer)
                listening.cancel()
            report["closed"] = "local"
        else:
            await client.subscribe_resource(URI)
            await changes(peer)
            await client.unsubscribe_resource(URI)
        report["afterwards"] = text(await peer.run("print('there')"))
    return report


connecting.tell(main)
