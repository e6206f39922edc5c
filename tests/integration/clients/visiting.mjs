// The official TypeScript SDK's client as a guest of the server `both_eras.py`: progress, questions, a
// list that changes, an error. Told as a line of JSON.
import { connect, outcome, tell, text } from "./connect.mjs";

const asked = [];
const peer = await connect({
  capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
  requests: {
    "elicitation/create": ({ params }) => {
      asked.push(params.message);
      return { action: "accept", content: { name: "Ada", days: 3 } };
    },
    "sampling/createMessage": ({ params }) => {
      const { content } = params.messages[0];
      const words = Array.isArray(content) ? content[0].text : content.text;
      asked.push(words);
      return { role: "assistant", model: "a-model", content: { type: "text", text: `<${words}>` } };
    },
    "roots/list": () => ({ roots: [{ uri: "file:///srv/shared", name: "shared" }] }),
  },
});
const { client, call } = peer;
const names = async () => (await client.listTools()).tools.map((tool) => tool.name).sort();
const steps = [];
const report = { version: peer.version, modern: peer.modern, asked, steps };
report.tools = await names();
report.climbed = text(
  await call(
    { name: "climb", arguments: { steps: 50 } },
    { onprogress: ({ progress, total, message }) => steps.push([progress, total, message]) },
  ),
);
report.travelled = text(await call({ name: "travel", arguments: { city: "Rome" } }));
report.folders = text(await call({ name: "folders", arguments: {} }));
report.unknown = await outcome(client.readResource({ uri: "note://never" }));
const climbs = Array.from({ length: 64 }, (_, n) =>
  call({ name: "climb", arguments: { steps: n + 1 } }),
);
report.together = [...new Set((await Promise.all(climbs)).map(text))];
report.grown = text(await call({ name: "grow", arguments: { name: "sprout" } }));
report.afterwards = await names();
report.faults = peer.faults;
await client.close();
tell(report);
