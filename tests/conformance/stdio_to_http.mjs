#!/usr/bin/env node
// A server that speaks stdio, made of one that speaks HTTP: stdio_to_http.mjs <url>
//
// Lines go out as they come in and come back as they were sent. What is the transport's own is done
// here: the headers that repeat a message (modern), the session and the stream for what a server
// says unasked (legacy), hanging up where a modern client cancels, and an error in the words of HTTP
// for a request that got no message as its answer.
import {createInterface} from 'node:readline';

const url = process.argv[2];
const version_key = 'io.modelcontextprotocol/protocolVersion';
const names = {'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri'};
const under_way = new Map();  // id of a modern request: its AbortController
let session;                  // the headers of a legacy one
let last = Promise.resolve();

const out = (text) => process.stdout.write(text + '\n');

function put(json) {
  out(/[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json);
}

function headers_of(message) {
  const version = message.params?._meta?.[version_key];
  if (version === undefined) {
    return session ?? {};
  }
  const headers = {'MCP-Protocol-Version': version, 'Mcp-Method': message.method};
  const name = message.params[names[message.method]];
  if (typeof name === 'string') {
    const plain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(name) && !name.startsWith('=?base64?');
    headers['Mcp-Name'] = plain ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
  }
  return headers;
}

// The messages of an event stream.
async function* events(body) {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text = (text + chunk).replaceAll('\r\n', '\n');
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const data = text.slice(0, end).split('\n').filter((line) => line.startsWith('data:'));
      text = text.slice(end + 2);
      const json = data.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
      if (json) {
        yield json;
      }
    }
  }
}

function remember(json, response) {
  const {result} = JSON.parse(json);
  const id = response.headers.get('mcp-session-id');
  session = {...(result?.protocolVersion ? {'MCP-Protocol-Version': result.protocolVersion} : {}), ...(id ? {'Mcp-Session-Id': id} : {})};
}

async function exchange(message, line, response) {
  const greeting = message.method === 'initialize';
  let answered = message.id === undefined || message.method === undefined;
  const take = (json) => {
    const parsed = JSON.parse(json);
    const answer = parsed.method === undefined;
    if (answer && parsed.error && (parsed.id === undefined || parsed.id === null)) {
      json = JSON.stringify({...parsed, id: message.id});  // the response says whose it is
    }
    answered ||= answer;
    if (answer && greeting) {
      remember(json, response);
    }
    put(json);
  };
  try {
    if (response.headers.get('content-type')?.includes('text/event-stream')) {
      for await (const json of events(response.body)) {
        take(json);
      }
    } else {
      const text = await response.text();
      if (!answered && text.startsWith('{')) {
        take(text);
      }
    }
  } catch (error) {
    if (error.name === 'AbortError') {
      return;
    }
    console.error(`stdio_to_http: ${error}`);
  }
  if (!answered) {
    out(JSON.stringify({jsonrpc: '2.0', id: message.id, error: {code: -32000, message: `HTTP ${response.status}`}}));
  }
}

async function listen() {
  const response = await fetch(url, {headers: {Accept: 'text/event-stream', ...session}, signal: closing.signal});
  if (response.ok && response.body) {
    for await (const json of events(response.body)) {
      put(json);
    }
  }
}

// Returns when the next message may be sent: at once behind a request, but for the one that opens a
// session, and behind all else when it has arrived.
async function send(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return console.error(`stdio_to_http: not JSON: ${line.slice(0, 200)}`);
  }
  if (message.method === 'notifications/cancelled' && under_way.has(message.params?.requestId)) {
    return under_way.get(message.params.requestId).abort();
  }
  const hang_up = new AbortController();
  const modern = message.params?._meta?.[version_key] !== undefined;
  if (modern && message.id !== undefined) {
    under_way.set(message.id, hang_up);
  }
  const headers = {'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers_of(message)};
  const whole = fetch(url, {method: 'POST', headers, body: line, signal: hang_up.signal})
    .then((response) => exchange(message, line, response))
    .catch((error) => error.name === 'AbortError' || out(JSON.stringify({jsonrpc: '2.0', id: message.id, error: {code: -32000, message: `${error.message}: ${error.cause?.message ?? url}`}})))
    .finally(() => { under_way.delete(message.id); open.delete(whole); });
  open.add(whole);
  if (message.id === undefined || message.method === undefined || message.method === 'initialize') {
    await whole;
  }
  if (message.method === 'notifications/initialized') {
    listen().catch(() => {});
  }
}

const open = new Set();  // exchanges that have not ended
const closing = new AbortController();
const input = createInterface({input: process.stdin});
input.on('line', (line) => { last = line.trim() ? last.then(() => send(line)) : last; });
input.on('close', async () => {
  await last;
  for (const controller of under_way.values()) {
    controller.abort();
  }
  if (session?.['Mcp-Session-Id']) {
    await fetch(url, {method: 'DELETE', headers: session}).catch(() => {});
  }
  closing.abort();
  process.exit(0);
});
