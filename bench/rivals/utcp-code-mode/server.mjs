// UTCP's code mode as an MCP server with one tool: the library, and the SDK's server round it.
import { CodeModeUtcpClient } from "@utcp/code-mode";
import "@utcp/mcp";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const [command, ...args] = process.argv.slice(2);
console.log = console.info = console.error;
const client = await CodeModeUtcpClient.create();
await client.registerManual({
  name: "bench",
  call_template_type: "mcp",
  config: { mcpServers: { echo: { transport: "stdio", command, args } } },
});
const server = new McpServer({ name: "utcp-code-mode", version: "1" });
server.registerTool("call_tool_chain", { inputSchema: { code: z.string() } }, async ({ code }) => {
  const { result } = await client.callToolChain(code, 120000);
  return { content: [{ type: "text", text: JSON.stringify(result) ?? "" }] };
});
process.stdin.on("end", async () => {
  await client.close?.();
  process.exit(0);
});
await server.connect(new StdioServerTransport());
