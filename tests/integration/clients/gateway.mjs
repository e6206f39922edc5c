// One conversation of the official TypeScript SDK's client with a gateway, told as a line of JSON:
// the tools of four servers, what these ask, how far they are, and what is cancelled.
import { connect, event, outcome, tell, text } from "./connect.mjs";

const asked = [];
const changed = [];
let waiting = event();
const note = (method, answer) => ({ params }) => {
  asked.push({ method, params });
  return answer(params);
};
const forms = { "Who travels to Rome, and for how long?": { name: "Ada", days: 3 }, "Really?": { sure: true } };
const question = (params) => params.message.replace(/^Server '.*' asks: /, "");
const words = ({ messages: [{ content }] }) => (Array.isArray(content) ? content[0] : content).text;

const peer = await connect({
  capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
  requests: {
    "elicitation/create": note("elicitation/create", (params) =>
      question(params) === "No?"
        ? { action: "decline" }
        : { action: "accept", content: forms[question(params)] },
    ),
    "sampling/createMessage": note("sampling/createMessage", (params) => ({
      role: "assistant",
      model: "a-model",
      content: { type: "text", text: `<${words(params)}>` },
    })),
    "roots/list": note("roots/list", () => ({ roots: [{ uri: "file:///srv/shared", name: "shared" }] })),
  },
  notifications: {
    "notifications/tools/list_changed": () => {
      changed.push(true);
      waiting.arrived();
    },
  },
});
const { client, call } = peer;
const report = { version: peer.version, modern: peer.modern };
const run = async (name, args = {}, options) => text(await call({ name, arguments: args }, options));

async function tools() {
  const found = [];
  let cursor;
  do {
    const page = await client.listTools({ cursor });
    found.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}
if (peer.modern) await client.listen({ toolsListChanged: true });
const listed = await tools();
report.tools = listed.map((tool) => tool.name);
report.echo = listed.find((tool) => tool.name === "every__echo");

report.answers = [];
for (const asks of ["Really?", "No?"]) {
  report.answers.push(await run("asking__confirm", { question: asks }));
}
report.model = await run("asking__consult", { question: "What now?" });
report.roots = [await run("asking__folders"), await run("both_eras__folders")];
report.together = await Promise.all([
  run("asking__confirm", { question: "Really?" }),
  run("both_eras__travel", { city: "Rome" }),
  run("every__echo", { message: "meanwhile" }),
]);

const steps = [];
report.climb = await run("both_eras__climb", { steps: 3 }, { onprogress: (step) => steps.push(step) });
report.steps = steps;

const controller = new AbortController();
const moving = event();
const long = outcome(
  call(
    { name: "every__trigger-long-running-operation", arguments: { duration: 60, steps: 600 } },
    { signal: controller.signal, onprogress: () => moving.arrived() },
  ),
);
await moving.wait;
controller.abort("enough");
report.cancelled = await long;
report.afterwards = await run("every__echo", { message: "still there" });

const structured = await call({ name: "every__get-structured-content", arguments: { location: "Chicago" } });
report.structured = structured.structuredContent;
report.unknown = await outcome(call({ name: "every__ecko", arguments: {} }));
const refused = await outcome(call({ name: "every__echo", arguments: { words: 1 } }));
report.refused = refused.result?.isError ? text(refused.result) : refused;

// What came late may have been told of before.
const before = changed.length;
waiting = event();
report.grown = await run("growing__grow", { name: "leaf" });
for (;;) {
  const names = (await tools()).map((tool) => tool.name);
  if (changed.length > before && names.includes("growing__leaf")) break;
  await waiting.wait;
  waiting = event();
}
report.leaf = await run("growing__leaf");

report.asked = asked;
await client.close();
report.protocolErrors = peer.faults;
tell(report);
