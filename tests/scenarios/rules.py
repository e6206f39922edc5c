"""What holds for everything that Headrace writes, in every scenario: strict peers reject more than
JSON-RPC does."""

import base64
import binascii
import json
import re

RESPONSE = ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"}, {"jsonrpc", "error"})
ORDER = ({"jsonrpc", "id", "method"}, {"jsonrpc", "id", "method", "params"},
         {"jsonrpc", "method"}, {"jsonrpc", "method", "params"})
# Here a null is somebody's data.
FREE = {"structuredContent", "arguments", "data", "inputSchema", "outputSchema"}
LONGEST_ANSWER = 1 << 20
CACHEABLE = {"server/discover", "tools/list", "prompts/list", "resources/list",
             "resources/templates/list", "resources/read"}
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
LEGACY_ONLY_CODES = {-32002, -32042}


class Broken(Exception):
    """Headrace wrote what it must never write."""


def no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Broken("an object has a key twice")
    return found


def no_constant(name):
    raise Broken(f"{name} is no JSON")


def parse(line):
    """The message in a line, which must be one by the rules of every version."""
    if not line.endswith(b"\n"):
        raise Broken("the last line is not complete")
    if b"\r" in line:
        raise Broken("a line has a carriage return in it")
    try:
        message = json.loads(line.decode(), object_pairs_hook=no_duplicates,
                             parse_constant=no_constant)
    except ValueError as fault:
        raise Broken(f"a line is no JSON: {fault}") from fault
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Broken("a line is no JSON-RPC message")
    if message.keys() not in (ORDER if "method" in message else RESPONSE):
        raise Broken(f"a message has the keys {sorted(message)}")
    if "id" in message and not is_id(message["id"]):
        raise Broken("an id is neither a string nor a number")
    if "result" in message and not isinstance(message["result"], dict):
        raise Broken("a result is no object")
    if not isinstance(message.get("params", {}), dict):
        raise Broken("params are no object")
    if "error" in message:
        check_error(message["error"])
    for key in ("result", "params"):
        check_inside(message.get(key), key)
    return message


def is_id(value):
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)


def check_error(error):
    if not isinstance(error, dict) or error.keys() - {"code", "message", "data"}:
        raise Broken("an error has other keys than code, message and data")
    if not isinstance(error.get("code"), int) or not isinstance(error.get("message"), str):
        raise Broken("an error has no code or no message")


def check_inside(value, where):
    if isinstance(value, dict):
        for key, each in value.items():
            if each is None:
                raise Broken(f"{where}.{key} is null; what is absent is left out")
            if key not in FREE:
                check_inside(each, f"{where}.{key}")
        data = value.get("blob") or (
            value.get("data") if value.get("type") in ("image", "audio") else None)
        if data is not None:
            check_base64(data, where)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            check_inside(each, f"{where}[{index}]")


def check_base64(data, where):
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError) as fault:
        raise Broken(f"{where} holds bad base64: {fault}") from fault


def key_of(id):
    return json.dumps(id)


class ClientRules:
    """What depends on what the client has sent: ids, progress, eras."""

    def __init__(self):
        self.open = {}  # id → the requests that are not answered
        self.tokens = {}  # progress token → (id of its request, last progress)

    def sent(self, message):
        if not isinstance(message, dict) or "method" not in message or "id" not in message:
            return
        key = key_of(message["id"])
        self.open.setdefault(key, []).append(message)
        token = meta_of(message).get("progressToken")
        if token is not None:
            self.tokens[key_of(token)] = (key, None)

    def received(self, line, message):
        if message.get("method") == "notifications/progress":
            self.progress(message["params"])
        elif "method" not in message:
            self.answer(line, message)

    def progress(self, params):
        key, last = self.tokens.get(key_of(params.get("progressToken")), (None, None))
        if key not in self.open:
            raise Broken("there is progress for what was answered, or never asked for it")
        value = params.get("progress")
        if not isinstance(value, (int, float)) or (last is not None and value <= last):
            raise Broken(f"progress {value!r} comes after {last!r}")
        self.tokens[key_of(params["progressToken"])] = (key, value)

    def answer(self, line, message):
        if "id" not in message:
            return
        requests = self.open.get(key_of(message["id"]))
        if not requests:
            raise Broken("an answer comes to what was not asked, or was answered before")
        # Of two with one id it is the second that is refused.
        request = requests.pop(-1 if "error" in message else 0)
        if not requests:
            del self.open[key_of(message["id"])]
        if len(line) > LONGEST_ANSWER and request["method"] != "resources/read":
            raise Broken(f"an answer of {len(line)} bytes is longer than some clients can read")
        if VERSION_KEY in meta_of(request):
            check_modern(request, message)


def meta_of(message):
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta if isinstance(meta, dict) else {}


def check_modern(request, answer):
    if "error" in answer:
        if answer["error"]["code"] in LEGACY_ONLY_CODES:
            raise Broken("an error code of the legacy era answers a modern request")
        return
    result = answer["result"]
    kind = result.get("resultType")
    if kind not in ("complete", "input_required"):
        raise Broken(f"a modern result has the type {kind!r}")
    if kind == "complete" and request["method"] in CACHEABLE:
        if not isinstance(result.get("ttlMs"), int) or result["ttlMs"] < 0:
            raise Broken("a cacheable result has no ttlMs")
        if result.get("cacheScope") not in ("public", "private"):
            raise Broken("a cacheable result has no cacheScope")


class ServerRules:
    """What one start of a server may be sent."""

    def __init__(self):
        self.asked = set()

    def received(self, message, modern):
        if "method" not in message:
            return
        if "id" in message:
            key = key_of(message["id"])
            if key in self.asked:
                raise Broken("a request has an id that was used before")
            self.asked.add(key)
            if modern:
                check_metadata(message)
        elif message["method"] == "notifications/cancelled":
            if key_of(message["params"].get("requestId")) not in self.asked:
                raise Broken("what was never asked is cancelled")


def check_metadata(message):
    meta = meta_of(message)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(meta.get(VERSION_KEY))):
        raise Broken("a request to a modern server does not name its version")
    if not isinstance(meta.get(CAPABILITIES_KEY), dict):
        raise Broken("a request to a modern server does not name the client's capabilities")
