// One conversation of the official TypeScript SDK's client with Headrace, told as a line of JSON.
// node session.mjs <node_modules> <sdk | client> <program>; `sdk` is 1.x, `client` 2.x.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, which, program] = process.argv.slice(2);
const require = createRequire(`${modules}/none.js`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

const names = {
  sdk: ["@modelcontextprotocol/sdk/client/index.js", "@modelcontextprotocol/sdk/client/stdio.js"],
  client: ["@modelcontextprotocol/client", "@modelcontextprotocol/client/stdio"],
}[which];
const { Client } = await load(names[0]);
const { StdioClientTransport } = await load(names[1]);

const options = which === "client" ? { versionNegotiation: { mode: "auto" } } : {};
const client = new Client({ name: "integration", version: "1" }, options);
const protocolErrors = [];
client.onerror = (error) => protocolErrors.push(String(error));
const transport = new StdioClientTransport({ command: program, args: [], env: process.env });
await client.connect(transport);
const report = { server: client.getServerVersion()?.name };

const call = (params, options) =>
  which === "sdk" ? client.callTool(params, undefined, options) : client.callTool(params, options);
const run = (code, options, more = {}) =>
  call({ name: "run_python", arguments: { code, ...more } }, options);
const text = (result) => result.content.map((block) => block.text).join("\n");

report.tools = (await client.listTools()).tools.map((tool) => tool.name);
report.resources = (await client.listResources()).resources.map((resource) => resource.uri);
report.resource = (await client.readResource({ uri: report.resources[0] })).contents[0].text;

const first = await run("kept = 6 * 7\nprint(kept)");
report.output = text(first);
report.structured = first.structuredContent;

const failed = await run("1 / 0");
report.failed = { isError: failed.isError, text: text(failed) };
report.unknownTool = await call({ name: "no_such_tool", arguments: {} }).then(
  (result) => ({ result }),
  (error) => ({ code: error.code, message: error.message }),
);
report.unknownResource = await client.readResource({ uri: "resource://none" }).then(
  (result) => ({ result }),
  (error) => ({ code: error.code, message: error.message }),
);

// Cancelled once it surely runs: only a run under way reports that it is.
const abort = new AbortController();
const progress = [];
const long = run(
  "import time\ninterrupted = None\ntry:\n    time.sleep(100)\nexcept BaseException as e:\n" +
    "    interrupted = type(e).__name__\n    raise",
  {
    signal: abort.signal,
    onprogress: (update) => {
      progress.push(update);
      if (update.message?.startsWith("running")) abort.abort("enough");
    },
  },
  { timeout: 100 },
);
report.cancelled = await long.then(
  (result) => ({ result }),
  (error) => ({ error: String(error) }),
);
report.progress = progress;
report.afterwards = text(await run("print(kept, interrupted)"));

await client.close();
report.protocolErrors = protocolErrors;
console.log(JSON.stringify(report));
