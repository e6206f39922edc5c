// The least proxy that version 1 of the official TypeScript SDK makes: a low-level server whose
// handlers are a client's calls.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "proxy", version: "1" });
// The SDK's own limit is 10 MiB; the largest answer that is measured has 20 MB.
const maxBufferSize = 64 * 1024 * 1024;
await client.connect(new StdioClientTransport({ command, args, maxBufferSize }));

const server = new Server({ name: "proxy", version: "1" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, ({ params }) => client.listTools(params));
server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal }) =>
  client.callTool(params, undefined, { signal }));

process.stdin.on("end", async () => {
  await client.close();
  process.exit(0);
});
await server.connect(new StdioServerTransport());
