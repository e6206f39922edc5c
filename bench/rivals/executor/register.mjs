// register.mjs SERVER [ARG…] -- EXECUTOR [ARG…]: tells executor of a stdio server, the way a model
// would: in code that it runs, with what it asks meanwhile answered by yes.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const words = process.argv.slice(2);
const [server, executor] = [words.slice(0, words.indexOf("--")), words.slice(words.indexOf("--") + 1)];
const child = spawn(executor[0], executor.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
const pending = new Map();
createInterface({ input: child.stdout }).on("line", (line) => {
  const message = JSON.parse(line);
  if ("method" in message) return;
  pending.get(message.id)?.(message);
});
child.on("exit", () => process.exit(process.exitCode ?? 1));

let last = 0;
const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const request = (method, params) => new Promise((resolve, reject) => {
  const id = ++last;
  pending.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
  send({ id, method, params });
});
const call = async (name, args) => {
  let result = await request("tools/call", { name, arguments: args });
  while (result.structuredContent?.status === "waiting_for_interaction") {
    const { executionId } = result.structuredContent;
    result = await request("tools/call", { name: "resume", arguments: { executionId, action: "accept", content: "{}" } });
  }
  const outcome = result.structuredContent?.result;
  if (result.isError || !outcome?.ok) throw new Error(JSON.stringify(result).slice(0, 500));
};

const info = { name: "echo", transport: "stdio", slug: "echo", command: server[0], args: server.slice(1) };
// Nothing is in the file it would take a password from; a server of this kind needs none.
const none = { provider: "file", id: "none" };
const connection = { owner: "user", name: "main", integration: "echo", template: "none", from: none };
try {
  await request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "register", version: "1" } });
  send({ method: "notifications/initialized" });
  await call("execute", { code: `return await tools.executor.mcp.addServer(${JSON.stringify(info)})` });
  await call("execute", { code: `return await tools.executor.coreTools.connections.create(${JSON.stringify(connection)})` });
  process.exitCode = 0;
} catch (error) {
  console.error(`executor did not take the server: ${error.message}`);
  process.exitCode = 1;
}
// It waits on for more questions when its stdin ends.
child.kill();
