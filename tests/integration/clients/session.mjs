// One conversation of the official TypeScript SDK's client with Headrace, told as a line of JSON.
import { connect, outcome, tell, text } from "./connect.mjs";

const logs = [];
const peer = await connect({
  notifications: { "notifications/message": ({ params }) => void logs.push(params) },
});
const { client, call, run } = peer;
const report = { server: client.getServerVersion()?.name, version: peer.version };

report.tools = (await client.listTools()).tools.map((tool) => tool.name);
report.resources = (await client.listResources()).resources.map((resource) => resource.uri);
report.resource = (await client.readResource({ uri: report.resources[0] })).contents[0].text;
report.templates = (await client.listResourceTemplates()).resourceTemplates.map((t) => t.uriTemplate);

const first = await run("kept = 6 * 7\nprint(kept)");
report.output = text(first);
report.structured = first.structuredContent;

const failed = await run("1 / 0");
report.failed = { isError: failed.isError, text: text(failed) };
report.unknownTool = await outcome(call({ name: "no_such_tool", arguments: {} }));
report.unknownResource = await outcome(client.readResource({ uri: "resource://none" }));

// Cancelled once it surely runs: only a run under way reports that it is.
const abort = new AbortController();
const progress = [];
report.cancelled = await outcome(
  run(
    "import time\ninterrupted = None\ntry:\n    time.sleep(100)\nexcept BaseException as e:\n" +
      "    interrupted = type(e).__name__\n    raise",
    { timeout: 100 },
    {
      signal: abort.signal,
      onprogress: (update) => {
        progress.push(update);
        if (update.message?.startsWith("running")) abort.abort("enough");
      },
    },
  ),
);
report.progress = progress;
report.afterwards = text(await run("print(kept, interrupted)"));

// What a server logs, from the level on that is asked for: once for all, or with the request.
const grumble = async (words, level) => {
  const code = `print(await mcp_office.grumble(text=${JSON.stringify(words)}))`;
  if (peer.modern) return run(code, {}, {}, { "io.modelcontextprotocol/logLevel": level });
  await client.setLoggingLevel(level);
  return run(code);
};
report.grumbled = [text(await grumble("a trifle", "error")), text(await grumble("a grave matter", "info"))];
report.logs = logs;

// More files than a page holds; the list that was read before is not taken for the new one.
const made = await run(
  "for n in range(250): open(f'/workspace/{n:03}.txt', 'w').write(f'file {n}')\n" +
    "open('/workspace/bytes.bin', 'wb').write(bytes(range(256)));",
);
report.links = made.content.filter((block) => block.type === "resource_link").length;
let page = await client.listResources();
const listed = page.resources;
report.pages = 1;
while (page.nextCursor !== undefined) {
  page = await client.listResources({ cursor: page.nextCursor });
  listed.push(...page.resources);
  report.pages += 1;
}
const uris = listed.map((resource) => resource.uri);
report.files = uris.filter((uri) => uri.endsWith(".txt")).length;
report.different = new Set(uris).size === uris.length;
const read = async (end) =>
  (await client.readResource({ uri: uris.find((uri) => uri.endsWith(end)) })).contents[0];
report.text = (await read("/249.txt")).text;
report.blob = (await read("/bytes.bin")).blob;
report.badCursor = await outcome(client.listResources({ cursor: "nowhere" }));
if (!peer.modern) report.ping = await client.ping();

await client.close();
report.protocolErrors = peer.faults;
tell(report);
