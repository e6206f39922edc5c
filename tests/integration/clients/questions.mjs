// What servers behind Headrace ask, answered by the official TypeScript SDK's client: what it was
// asked and what came of it. A fourth argument `unable` is a client that can't answer anything.
import { connect, event, outcome, tell, text } from "./connect.mjs";

const able = process.argv[5] !== "unable";
const asked = [];
const note = (method, params) => asked.push({ method, params });

// What a user answers; the server's name stands before the question.
const answers = {
  "Who travels to Rome, and for how long?": { name: "Ada", days: 3 },
  "Really?": { sure: true },
  "Slowly?": { sure: true },
};
const slow = event();
const answered = event();
async function elicit({ params }) {
  note("elicitation/create", params);
  const question = params.message.replace(/^Server '.*' asks: /, "");
  if (question === "No?") return { action: "decline" };
  if (question === "Neither?") return { action: "cancel" };
  if (question === "Slowly?") {
    slow.arrived();
    await answered.wait;
  }
  return { action: "accept", content: answers[question] };
}

function sample({ params }) {
  note("sampling/createMessage", params);
  const { content } = params.messages[0];
  const words = Array.isArray(content) ? content[0].text : content.text;
  return { role: "assistant", model: "a-model", content: { type: "text", text: `<${words}>` } };
}

const peer = await connect(
  able
    ? {
        capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
        requests: {
          "elicitation/create": elicit,
          "sampling/createMessage": sample,
          "roots/list": () => ({ roots: [{ uri: "file:///srv/shared", name: "shared" }] }),
        },
      }
    : {},
);
const run = async (code, more, options) => text(await peer.run(code, more, options));
const report = { version: peer.version, modern: peer.modern, asked };

for (const question of ["Really?", "No?", "Neither?"]) {
  report[question] = await run(
    `before = 41\nprint(await mcp_asking.confirm(question="${question}"), before + 1)`,
  );
}
report.model = await run('print(await mcp_asking.consult(question="What now?"))');
report.roots = await run("print(await mcp_asking.folders())");
// Two servers ask at the same time, while a third call goes on.
report.together = await run(
  "import asyncio\n" +
    "for each in await asyncio.gather(mcp_asking.confirm(question='Really?'),\n" +
    "    mcp_both_eras.travel(city='Rome'), mcp_asking.consult(question='And?'),\n" +
    "    mcp_both_eras.climb(steps=2), return_exceptions=True):\n    print(each)",
  { timeout: 100 },
);
if (able) {
  // Somebody takes longer to answer than the run may take.
  const waiting = run("print(await mcp_asking.confirm(question='Slowly?'))", { timeout: 3 });
  await slow.wait;
  setTimeout(answered.arrived, 5000);
  report.slowly = await waiting;
}
report.afterwards = await run("print(before)");
await peer.client.close();
report.protocolErrors = peer.faults;
tell(report);
