"""What server-everything asks for while it works reaches the user's client, which answers."""

import pytest
from answering import CAPABILITIES, User


@pytest.fixture
def asked(start, some_runtime, home, node):
    """Headrace with a user who answers, and that user."""
    home.add_node("every", "server-everything")
    headrace = start(some_runtime, initialize=False)
    user = User(
        headrace,
        elicitation_create=lambda params: {"action": "accept"} if params.get("mode") == "url" else {
            "action": "accept", "content": {"name": "Ada", "integer": 7, "check": True}},
        sampling_createMessage=lambda params: {
            "role": "assistant", "model": "a-model", "stopReason": "endTurn",
            "content": {"type": "text", "text": f"at most {params['maxTokens']} tokens"}},
        roots_list=lambda params: {"roots": [{"uri": "file:///srv/shared", "name": "shared"}]})
    headrace.initialize("2025-11-25", CAPABILITIES)
    return headrace, user


def test_everything_asks_the_user(asked):
    headrace, user = asked
    output = headrace.output("print(await mcp_every.trigger_elicitation_request())")
    assert "User provided the requested information" in output
    assert "- Name: Ada" in output and "- Favorite Integer: 7" in output
    form, = user.of("elicitation/create")
    assert form["message"] == \
        "Server 'every' asks: Please provide inputs for the following fields:"
    kinds = {name: kind.get("type") for name, kind in form["requestedSchema"]["properties"].items()}
    assert len(kinds) == 13 and set(kinds.values()) == {"string", "boolean", "integer", "number",
                                                        "array"}
    assert form["requestedSchema"]["properties"]["number"]["default"] == 3.14


def test_everything_sends_the_user_to_a_page(asked):
    headrace, user = asked
    output = headrace.output("""
page = "https://example.com/consent"
print(await mcp_every.trigger_url_elicitation(url=page, elicitationId="e-1"))
try:
    await mcp_every.trigger_url_elicitation(url=page, errorPath=True)
except runtime.MCPError as error:
    print("refused:", error)
""")
    assert "User completed the URL elicitation flow" in output and "Elicitation ID: e-1" in output
    assert "refused: " in output and "browser-based authorization" in output
    request, = user.of("elicitation/create")
    assert request["mode"] == "url" and request["url"] == "https://example.com/consent"
    assert request["elicitationId"] == "e-1"


def test_everything_asks_the_clients_model(asked):
    headrace, user = asked
    output = headrace.output(
        "print(await mcp_every.trigger_sampling_request(prompt='Why?', maxTokens=17))")
    assert "at most 17 tokens" in output and '"model": "a-model"' in output
    request, = user.of("sampling/createMessage")
    assert request["systemPrompt"] == "You are a helpful test server."
    assert request["temperature"] == 0.7 and "Why?" in request["messages"][0]["content"]["text"]


def test_everything_is_not_told_of_the_clients_roots(asked):
    """They say where the client works, not what its user lets this server see."""
    headrace, user = asked
    names = headrace.json("""
import json
print(json.dumps([tool.name for tool in await mcp_every.list_tools()]))
""")
    assert "trigger-elicitation-request" in names and "trigger-sampling-request" in names
    assert "get-roots-list" not in names and user.of("roots/list") == []


def test_everything_works_on_a_task_and_asks_in_it(asked):
    """A tool that is only to be had as a task: it is waited for, and its question answered."""
    headrace, user = asked
    user._answers["elicitation_create"] = lambda params: {
        "action": "accept", "content": {"interpretation": "snake"}}
    output = headrace.output("""
print(await mcp_every.simulate_research_query(topic="python", ambiguous=True))
""", timeout=60)
    assert "# Research Report: python (snake)" in output
    form, = user.of("elicitation/create")
    choices = form["requestedSchema"]["properties"]["interpretation"]["oneOf"]
    assert [choice["const"] for choice in choices] == ["programming", "snake", "comedy"]


def test_a_question_is_taken_back_with_the_call(start, some_runtime, home, node):
    """The client gives the run up while its user is being asked."""
    home.add_node("every", "server-everything")
    headrace = start(some_runtime, initialize=False)
    headrace.initialize("2025-11-25", CAPABILITIES)
    run = headrace.start_run("await mcp_every.trigger_elicitation_request()", timeout=100)

    def questions():
        return [message for message in headrace.messages
                if message.get("method") == "elicitation/create"]

    question, = headrace.wait_until(questions, "the question")
    headrace.notify("notifications/cancelled", {"requestId": run})
    headrace.wait_notification("notifications/cancelled",
                               lambda params: params["requestId"] == question["id"])
    # Too late, and nobody's any more.
    headrace.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}})
    assert headrace.output("print(await mcp_every.echo(message='there'))") == "Echo: there"
    assert headrace.answers(run) == []
