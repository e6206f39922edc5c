"""Runs the examples as their documents say. HEADRACE_BUILD_DIR is the build that they are in."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

EXAMPLES = pathlib.Path(os.environ["HEADRACE_BUILD_DIR"], "examples").resolve()
SERVER = str(EXAMPLES / "tasks_server")
ADD_SERVER = str(EXAMPLES / "add_server")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


class Conversation:
    """With an example server, line by line."""

    def __init__(self, *arguments, server=SERVER):
        self.process = subprocess.Popen([server, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def send(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def call(self, number, tool, **arguments):
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call",
                              "params": {"name": tool, "arguments": arguments}}))

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


class TaskServer(unittest.TestCase):
    def test_definitions_are_json_schemas(self):
        with Conversation() as tasks:
            tasks.send('{"jsonrpc":"2.0","id":"a","method":"tools/list"}')
            tools = tasks.answer()["result"]["tools"]
        self.assertEqual([tool["name"] for tool in tools],
                         ["add_task", "list_tasks", "complete_task", "wait_for_task"])
        for tool in tools:
            self.assertEqual(tool["inputSchema"]["type"], "object")

    def test_tasks_are_added_completed_and_listed(self):
        with Conversation() as tasks:
            tasks.call(1, "add_task", title="écrire \"x\"\n")
            self.assertEqual(tasks.answer()["result"]["structuredContent"],
                             {"id": 1, "title": "écrire \"x\"\n", "done": False})
            tasks.call(2, "complete_task", id=1)
            self.assertTrue(tasks.answer()["result"]["structuredContent"]["done"])
            tasks.call(3, "list_tasks", done=False)
            self.assertEqual(tasks.answer()["result"]["structuredContent"], {"result": []})

    def test_a_call_that_waits_is_answered_by_another(self):
        with Conversation() as tasks:
            tasks.call(1, "add_task", title="x")
            tasks.answer()
            tasks.call(2, "wait_for_task", id=1)
            tasks.call(3, "complete_task", id=1)
            answers = [tasks.answer(), tasks.answer()]
        self.assertEqual({answer["id"] for answer in answers}, {2, 3})
        for answer in answers:
            self.assertTrue(answer["result"]["structuredContent"]["done"])

    def test_a_call_that_waits_can_be_cancelled(self):
        with Conversation() as tasks:
            tasks.call(1, "add_task", title="x")
            tasks.answer()
            tasks.call(2, "wait_for_task", id=1)
            tasks.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}')
            tasks.call(3, "complete_task", id=1)
            self.assertEqual(tasks.answer()["id"], 3)
            tasks.call(4, "list_tasks")
            self.assertEqual(tasks.answer()["id"], 4)

    def test_what_is_wrong_is_said(self):
        with Conversation() as tasks:
            for number, (tool, arguments, words) in enumerate((
                    ("add_task", {}, "'title'"), ("add_task", {"title": 7}, "'title'"),
                    ("complete_task", {"id": 9}, "no task 9"), ("wait_for_task", {"id": "9"}, "'id'"))):
                tasks.call(number, tool, **arguments)
                result = tasks.answer()["result"]
                self.assertTrue(result["isError"])
                self.assertIn(words, result["content"][0]["text"])
            tasks.send("no JSON")
            self.assertEqual(tasks.answer()["error"]["code"], -32700)
            tasks.send('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
                       '{"name":"add_task","arguments":{"title":"\\x"}}}')
            self.assertEqual(tasks.answer()["error"]["code"], -32602)

    def test_tasks_are_kept_in_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = str(pathlib.Path(folder, "tasks.json"))
            with Conversation(file) as tasks:
                tasks.call(1, "add_task", title="x")
                tasks.answer()
            with Conversation(file) as tasks:
                tasks.call(1, "add_task", title="y")
                self.assertEqual(tasks.answer()["result"]["structuredContent"]["id"], 2)
            self.assertEqual([task["title"] for task in json.loads(pathlib.Path(file).read_text())], ["x", "y"])
            pathlib.Path(file).write_text('[{"id":')
            broken = run(SERVER, file, stdin=subprocess.DEVNULL)
            self.assertEqual(broken.returncode, 1)
            self.assertIn("tasks_server:", broken.stderr)


class AddServer(unittest.TestCase):
    def test_it_adds_and_says_why_not(self):
        with Conversation(server=ADD_SERVER) as server:
            server.call(1, "add", a=1.5, b=2)
            self.assertEqual(server.answer()["result"], {"content": [{"type": "text", "text": "3.5"}]})
            server.call(2, "add", a="1")
            result = server.answer()["result"]
        self.assertTrue(result["isError"])
        self.assertEqual(result["content"][0]["text"], "'a' must be a number")

    def test_it_asks_who_can_be_asked(self):
        with Conversation(server=ADD_SERVER) as server:
            server.call(1, "forget")
            self.assertIn("Kept. ", server.answer()["result"]["content"][0]["text"])
            server.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": {
                "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}},
                "clientInfo": {"name": "test", "version": "1"}}}))
            server.answer()
            server.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
            server.call(3, "forget")
            question = server.answer()
            self.assertEqual(question["method"], "elicitation/create")
            server.send(json.dumps({"jsonrpc": "2.0", "id": question["id"],
                                    "result": {"action": "accept", "content": {"sure": True}}}))
            self.assertEqual(server.answer()["result"]["content"][0]["text"], "Forgotten.")


class CallATool(unittest.TestCase):
    def test_it_prints_the_result(self):
        done = run(EXAMPLES / "call_a_tool", "add_task", '{"title": "write"}', SERVER)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["structuredContent"]["title"], "write")

    def test_it_says_why_not(self):
        done = run(EXAMPLES / "call_a_tool", "add_task", "{}", "/no/such/server")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/server", done.stderr)
        done = run(EXAMPLES / "call_a_tool", "sing", "{}", SERVER)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Unknown tool: sing", done.stdout + done.stderr)


class RunCode(unittest.TestCase):
    def test_state_lasts_and_servers_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            configuration = {"mcpServers": {"tasks": {"command": SERVER}}}
            pathlib.Path(folder, "tasks.json").write_text(json.dumps(configuration))
            done = run(EXAMPLES / "run_code", folder)
        if "No sandbox can be started here" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "285\nservers: ('tasks',)\n")


if __name__ == "__main__":
    unittest.main()
