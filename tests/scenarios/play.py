"""What a well-behaved server does without being told: the opening, its list of tools, the end."""

MODERN = "2026-07-28"
VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")


class Play:
    """A legacy or modern server with some tools of the given names."""

    def __init__(self, modern, tools, more_capabilities=None):
        self.modern = modern
        self.tools = [{"name": tool, "inputSchema": {"type": "object"}} for tool in tools]
        self.capabilities = {"tools": {"listChanged": True}, **(more_capabilities or {})}

    def answers(self, message):
        """What to send at once; None where it is the script's affair."""
        method, id = message.get("method"), message.get("id")
        parts = self.modern_parts(message) if self.modern else self.legacy_parts(message)
        part = parts.get(method)
        if part is None:
            return None
        return part() if id is not None or method.startswith("notifications/") else None

    def legacy_parts(self, message):
        id = message.get("id")
        params = message.get("params", {})

        def initialize():
            version = params.get("protocolVersion")
            return result(id, {
                "protocolVersion": version if version in VERSIONS else VERSIONS[0],
                "capabilities": self.capabilities,
                "serverInfo": {"name": "scripted", "version": "1"}})

        return {
            "server/discover": lambda: error(id, -32601, "Method not found"),
            "initialize": initialize,
            "notifications/initialized": lambda: [],
            "tools/list": lambda: result(id, {"tools": self.tools}),
            "ping": lambda: result(id, {}),
        }

    def modern_parts(self, message):
        id = message.get("id")
        params = message.get("params", {})

        def discover():
            return result(id, {
                "resultType": "complete", "supportedVersions": [MODERN],
                "capabilities": self.capabilities, "ttlMs": 60000, "cacheScope": "public",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "scripted",
                                                                 "version": "1"}}})

        def listen():
            return [{"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                     "params": {"_meta": {"io.modelcontextprotocol/subscriptionId": id},
                                "notifications": params.get("notifications", {})}}]

        def tools():
            return result(id, {"resultType": "complete", "tools": self.tools, "ttlMs": 60000,
                               "cacheScope": "public"})

        return {"server/discover": discover, "tools/list": tools, "subscriptions/listen": listen}


class Silence:
    """Reads everything and answers nothing."""

    modern = False

    def answers(self, message):
        return []


def result(id, content):
    return [{"jsonrpc": "2.0", "id": id, "result": content}]


def error(id, code, message):
    return [{"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}]
