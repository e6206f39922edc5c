"""FastMCP's code mode before a proxy for one server, as its documentation has it."""
import sys

from fastmcp.experimental.transforms.code_mode import CodeMode
from fastmcp.server import create_proxy

command, *args = sys.argv[1:]
proxy = create_proxy({"mcpServers": {"echo": {"command": command, "args": args}}}, name="code")
# The bench calls more often than the 50 times a run that it allows by default.
proxy.add_transform(CodeMode(max_tool_calls=None))
proxy.run(show_banner=False)
