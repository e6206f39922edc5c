"""Follows one stream of a trace and says what is wrong with each message that the program wrote."""

import json
import re

import strictness
from published import MODERN, VERSIONS, version

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
# Only these may be answered with questions.
MAY_ASK = {"tools/call", "prompts/get", "resources/read"}
LEGACY_ONLY_ERRORS = {-32002, -32042}
MODERN_ONLY_ERRORS = {-32020, -32021, -32022}
HEAD = re.compile(r'\{"jsonrpc":"2\.0","id":')


def key(value):
    """1, 1.0, "1" and true are four different ids."""
    return type(value).__name__, json.dumps(value)


def kind(message):
    if not isinstance(message, dict):
        return "nothing"
    if isinstance(message.get("method"), str):
        return "request" if "id" in message else "notification"
    return "result" if "result" in message else "error" if "error" in message else "nothing"


def part(message, *path):
    for name in path:
        message = message.get(name) if isinstance(message, dict) else None
    return message


class Conversation:
    """`server` is true where the program is the server, and the other end its client."""

    def __init__(self, server):
        self.me, self.other = ("Server", "Client") if server else ("Client", "Server")
        self.server = server
        self.negotiated = []  # by initialize
        self.modern = False  # such requests have been seen
        self.asked = {}  # by the other end, and not answered: id → requests
        self.sent = {}  # by us: id → method, for good
        self.seen_ids = set()  # in what was no request
        self.excuses = 0  # lines that may be answered without an id
        self.blind = False  # something was too long to be known
        self.progress = {}  # token → [id, last number]
        self.checked = 0
        self.skipped = 0

    def take(self, record):
        """The faults of one line; none for what the other end said."""
        if record.direction == "in":
            self._received(record)
            return []
        if record.unfinished:
            return []
        if record.cut:
            self._cut(record.line)
            return []
        try:
            message = strictness.parse(record.line)
        except ValueError as error:
            return [f"is no JSON: {error}"]
        self.checked += 1
        found = list(strictness.faults(message))
        check = {"request": self._request, "notification": self._notification,
                 "result": self._result, "error": self._error}.get(kind(message))
        if check is None:
            return ["is no message"]
        found += check(message)
        return found

    # --- what is heard ---

    def _received(self, record):
        if record.cut:
            self.blind = True
            self.excuses += 1
            return
        if "\ufffd" in record.line:  # it may not have been UTF-8
            self.excuses += 1
        try:
            message = strictness.parse(record.line)
        except ValueError:
            self.excuses += 1
            self._note_ids(record.line)
            return
        what = kind(message)
        if what == "request":
            if type(message["id"]) not in (int, float, str):
                self.excuses += 1
            self.asked.setdefault(key(message["id"]), []).append(message)
            self._note_request(message)
        elif what == "result":
            if self.sent.get(key(message.get("id"))) == "initialize":
                self._negotiate(part(message, "result", "protocolVersion"))
        elif what == "nothing":
            self.excuses += 1
            self._note_ids(record.line)

    def _note_ids(self, line):
        """An answer to what can't be read may have found the id in it."""
        for found in re.finditer(r'"id"\s*:\s*', line):
            try:
                value, _ = json.JSONDecoder().raw_decode(line, found.end())
            except (ValueError, RecursionError):
                continue
            self.seen_ids.add(key(value))

    def _note_request(self, message):
        if isinstance(part(message, "params", "_meta", PROTOCOL_VERSION), str) \
                or message["method"] == "server/discover":
            self.modern = True
        token = part(message, "params", "_meta", "progressToken")
        if token is not None:
            self.progress[key(token)] = [key(message["id"]), None]

    def _negotiate(self, name):
        if name in VERSIONS and name not in self.negotiated:
            self.negotiated.append(name)

    # --- what is said ---

    def _cut(self, line):
        self.skipped += 1
        head = HEAD.match(line)
        if head:
            id, _ = json.JSONDecoder().raw_decode(line, head.end())
            if not re.match(r',"method"', line[line.index(",", head.end()):]):
                self._pop(id)

    def _versions(self, message=None):
        """Those that may be in force; for a request, or its answer, that of the request."""
        name = part(message, "params", "_meta", PROTOCOL_VERSION)
        if isinstance(name, str):
            return [name if name in VERSIONS else MODERN]
        if part(message, "method") == "server/discover":
            return [MODERN]
        some = list(self.negotiated)
        if self.modern and message is None:
            some.append(MODERN)
        return some or [MODERN, *(one for one in VERSIONS if one != MODERN)]

    @staticmethod
    def _best(versions, check):
        """Nothing if one of the versions is content, else what the last of them says."""
        fault = None
        for name in versions:
            fault = check(version(name))
            if fault is None:
                return []
        return [fault]

    @staticmethod
    def _envelope(message, *allowed):
        extra = set(message) - {"jsonrpc", *allowed}
        if extra:
            yield f"has members that do not belong there: {', '.join(sorted(extra))}"
        if message.get("jsonrpc") != "2.0":
            yield "is not JSON-RPC 2.0"

    def _request(self, message):
        method, id = message["method"], key(message["id"])
        found = list(self._envelope(message, "id", "method", "params"))
        if id in self.sent:
            found.append(f"has the id of an earlier request, {message['id']!r}")
        self.sent[id] = method
        versions = self._versions(message)
        if self.server and not self.negotiated:
            return found + [f"asks '{method}' of a client that has not been initialised"]
        if not self.server:
            self.modern |= versions == [MODERN]
            if method == "initialize":
                versions = [part(message, "params", "protocolVersion")]
                if versions[0] not in VERSIONS:
                    return found + [f"asks for a version that there is not: {versions[0]!r}"]
            elif method.startswith("tasks/") and versions == [MODERN]:
                return found  # an extension's, which has no schema here

        def check(at):
            if method not in at.requests[self.me]:
                return f"{at.name} has no request '{method}' that a {self.me.lower()} sends"
            return at.fault(message, at.requests[self.me][method])
        return found + self._best(versions, check)

    def _notification(self, message):
        method = message["method"]
        found = list(self._envelope(message, "method", "params"))

        def check(at):
            if method not in at.notifications[self.me]:
                return f"{at.name} has no '{method}' that a {self.me.lower()} sends"
            return at.fault(message, at.notifications[self.me][method])
        found += self._best(self._versions(), check)
        if method == "notifications/progress" and not self.blind:
            found += self._progress(part(message, "params", "progressToken"),
                                    part(message, "params", "progress"))
        return found

    def _progress(self, token, number):
        state = self.progress.get(key(token))
        if state is None:
            return [f"is progress for {token!r}, which belongs to no request under way"]
        last, state[1] = state[1], number
        if last is not None and isinstance(number, (int, float)) and number <= last:
            return [f"is progress of {number} after {last}"]
        return []

    def _pop(self, id, fits=None):
        """The request that an answer belongs to. Of several with one id it is the last that is
        refused, and the first that a result fits that is answered."""
        requests = self.asked.get(key(id))
        if not requests:
            return None
        place = -1
        if fits is not None:
            place = next((at for at, one in enumerate(requests) if fits(one)), 0)
        self.progress = {token: state for token, state in self.progress.items()
                         if state[0] != key(id) or len(requests) > 1}
        return requests.pop(place)

    def _result(self, message):
        found = list(self._envelope(message, "id", "result"))
        request = self._pop(message.get("id"), lambda one: not self._misfit(one, message))
        if request is None:
            return found if self.blind else found + [
                f"answers {message.get('id')!r}, which nobody waits for"]
        if request["method"] == "initialize":
            self._negotiate(part(message, "result", "protocolVersion"))
        return found + self._misfit(request, message)

    def _misfit(self, request, message):
        versions = self._versions(request)
        if request["method"] == "initialize":
            versions = [part(message, "result", "protocolVersion")]
            if versions[0] not in VERSIONS:
                return [f"speaks a version that there is not: {versions[0]!r}"]

        def check(at):
            return self._check_result(at, request, message["result"]) \
                or self._check_envelope(at, message)
        return self._best(versions, check)

    def _check_result(self, at, request, result):
        method = request["method"]
        definition = at.result(self.other, method)
        if definition is None:
            return f"answers '{method}', which {at.name} does not have"
        if at.name == MODERN and part(result, "resultType") == "input_required":
            if method not in MAY_ASK:
                return f"asks back on '{method}'"
            definition = "InputRequiredResult"
            if "inputRequests" not in result and "requestState" not in result:
                return "asks back without a question or a state"
        elif part(request, "params", "task") is not None and "task" in result \
                and "CreateTaskResult" in at.names:
            definition = "CreateTaskResult"
        return at.fault(result, definition)

    @staticmethod
    def _check_envelope(at, message):
        # An id is echoed as it came, whatever it was.
        if type(message["id"]) not in (int, str):
            return None
        names = ("JSONRPCResultResponse", "JSONRPCResponse")
        return at.fault(message, next(name for name in names if name in at.names))

    def _error(self, message):
        found = list(self._envelope(message, "id", "error"))
        code = part(message, "error", "code")
        extra = set(message["error"]) - {"code", "message", "data"}
        if extra:
            found.append(f"has members in its error that do not belong there: {', '.join(extra)}")
        if "id" not in message:
            self.excuses -= 1
            if self.excuses < 0:
                found.append("is an error without an id, and every line had one")
            # The older schemas want an id, which there is not.
            return found + self._best([MODERN], lambda at: at.fault(message, "JSONRPCErrorResponse"))
        if message["id"] is None:
            return found  # said by strictness
        request = self._pop(message["id"])
        if request is None and not self.blind and key(message["id"]) not in self.seen_ids:
            found.append(f"answers {message['id']!r}, which nobody waits for")
        if type(message["id"]) not in (int, str):
            return found
        versions = self._versions(request)
        if versions == [MODERN] and code in LEGACY_ONLY_ERRORS:
            found.append(f"{MODERN} does not have the error {code}")
        if MODERN not in versions and code in MODERN_ONLY_ERRORS and code != -32022:
            found.append(f"{versions[-1]} does not have the error {code}")

        def check(at):
            plain = "JSONRPCErrorResponse" if "JSONRPCErrorResponse" in at.names else "JSONRPCError"
            return at.fault(message, at.errors.get(code, plain))
        return found + self._best(versions, check)
