// The official TypeScript SDK's client reads its list of tools again when it has changed, and for
// that asks to be told in its era's way.
import { connect, event, tell, text } from "./connect.mjs";

const changed = event();
const onChanged = (error, tools) =>
  changed.arrived({ error: error && String(error), tools: tools?.map((tool) => tool.name) });
const peer = await connect({ listChanged: { tools: { onChanged } } });
await peer.client.listTools();
const report = { modern: peer.modern };
report.grown = text(await peer.run("print(await mcp_growing.grow(name='fresh'))"));
report.changed = await changed.wait;
report.used = text(await peer.run("print(await mcp_growing.fresh())"));
await peer.client.close();
report.protocolErrors = peer.faults;
tell(report);
