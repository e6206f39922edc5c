// The least proxy that version 2 of the official TypeScript SDK makes: a low-level server whose
// handlers are a client's calls.
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Server } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "proxy", version: "1" });
// The SDK's own limit is 10 MiB; the largest answer that is measured has 20 MB.
const maxBufferSize = 64 * 1024 * 1024;
await client.connect(new StdioClientTransport({ command, args, maxBufferSize }));

const server = new Server({ name: "proxy", version: "1" }, { capabilities: { tools: {} } });
server.setRequestHandler("tools/list", ({ params }) => client.listTools(params));
server.setRequestHandler("tools/call", ({ params }, { mcpReq }) =>
  client.callTool(params, { signal: mcpReq.signal }));

process.stdin.on("end", async () => {
  await client.close();
  process.exit(0);
});
await server.connect(new StdioServerTransport());
