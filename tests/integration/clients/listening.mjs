// What the official TypeScript SDK's client hears of changes that it asked to be told of.
import { connect, event, outcome, tell, text } from "./connect.mjs";

const uri = "headrace://sessions/default/files/watched.txt";
const updated = event();
const listed = event();
const peer = await connect({
  notifications: {
    "notifications/resources/updated": ({ params }) => updated.arrived(params.uri),
    "notifications/resources/list_changed": () => listed.arrived(true),
  },
});
const { client, run } = peer;
const report = { version: peer.version, modern: peer.modern };

const before = (await client.listResources()).resources.length;
let subscription;
if (peer.modern) {
  subscription = await client.listen({ resourcesListChanged: true, resourceSubscriptions: [uri] });
  report.honoured = subscription.honoredFilter;
} else {
  await client.subscribeResource({ uri });
  report.listen = peer.old ? {} : await outcome(client.listen({ resourcesListChanged: true }));
}
await run("open('/workspace/watched.txt', 'w').write('one');");
report.listed = await listed.wait;
report.more = (await client.listResources()).resources.length - before;
await run("open('/workspace/watched.txt', 'w').write('two and more');");
report.updated = await updated.wait;
report.content = (await client.readResource({ uri })).contents[0].text;
if (peer.modern) {
  await subscription.close();
  report.closed = await subscription.closed;
} else {
  await client.unsubscribeResource({ uri });
}
report.afterwards = text(await run("print('there')"));
await client.close();
report.protocolErrors = peer.faults;
tell(report);
