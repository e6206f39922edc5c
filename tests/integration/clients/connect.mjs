// The official TypeScript SDKs' clients, with what differs between versions 1 and 2 folded away.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Each program here is run with: <node_modules> <mode> <program>. The mode is `sdk` for version 1,
// which knows the legacy era alone, or how version 2 is to find its era: legacy, auto, modern (which
// is pinned and takes no other).
const [modules, mode, program] = process.argv.slice(2);
const old = mode === "sdk";
const require = createRequire(`${modules}/none.js`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

const negotiation = { legacy: "legacy", auto: "auto", modern: { pin: "2026-07-28" } }[mode];
const packageName = `@modelcontextprotocol/${old ? "sdk/client/index.js" : "client"}`;
const stdioName = `@modelcontextprotocol/${old ? "sdk/client/stdio.js" : "client/stdio"}`;

// Version 1 names what it handles by schemas.
const schemas = {
  "elicitation/create": "ElicitRequestSchema",
  "sampling/createMessage": "CreateMessageRequestSchema",
  "roots/list": "ListRootsRequestSchema",
  "notifications/message": "LoggingMessageNotificationSchema",
  "notifications/resources/updated": "ResourceUpdatedNotificationSchema",
  "notifications/resources/list_changed": "ResourceListChangedNotificationSchema",
  "notifications/elicitation/complete": "ElicitationCompleteNotificationSchema",
  "notifications/tools/list_changed": "ToolListChangedNotificationSchema",
};

/** A client that is connected. `requests` and `notifications` hold handlers by method, `more` what
    else the SDK's client takes. */
export async function connect({ capabilities = {}, requests = {}, notifications = {}, ...more } = {}) {
  const { Client } = await load(packageName);
  const { StdioClientTransport } = await load(stdioName);
  const types = old ? await load("@modelcontextprotocol/sdk/types.js") : {};
  const named = (method) => (old ? types[schemas[method]] : method);

  const options = { capabilities, ...more };
  if (!old) options.versionNegotiation = { mode: negotiation };
  const client = new Client({ name: "integration", version: "1" }, options);
  const faults = [];
  client.onerror = (error) => faults.push(String(error));
  for (const [method, handler] of Object.entries(requests)) {
    client.setRequestHandler(named(method), handler);
  }
  for (const [method, handler] of Object.entries(notifications)) {
    client.setNotificationHandler(named(method), handler);
  }
  const transport = new StdioClientTransport({ command: program, args: [], env: process.env });
  let version;
  transport.setProtocolVersion = (negotiated) => (version = negotiated);
  await client.connect(transport);

  const call = (params, more) =>
    old ? client.callTool(params, undefined, more) : client.callTool(params, more);
  return {
    client,
    call,
    faults,
    old,
    modern: !old && client.getProtocolEra() === "modern",
    version: old ? version : client.getNegotiatedProtocolVersion(),
    run: (code, more = {}, options, meta) =>
      call({ name: "run_python", arguments: { code, ...more }, ...(meta && { _meta: meta }) }, options),
  };
}

export const text = (result) => result.content.map((block) => block.text).join("\n");

/** What becomes of a promise, as plain data. */
export const outcome = (promise) =>
  promise.then(
    (result) => ({ result }),
    (error) => ({ code: error.code, message: error.message, error: String(error) }),
  );

/** Something that is waited for: `arrived(value)` ends `wait`. */
export function event() {
  const made = {};
  made.wait = new Promise((resolve) => (made.arrived = resolve));
  return made;
}

export const tell = (report) => console.log(JSON.stringify(report));
