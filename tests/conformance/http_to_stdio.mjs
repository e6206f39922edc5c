#!/usr/bin/env node
// Puts an MCP endpoint over HTTP in front of a server that speaks stdio: http_to_stdio.mjs <command> [argument …]
//
// It prints its URL as its first line, and ends at the end of its input. What a server says goes out
// byte for byte, and nothing is answered in a server's place but what only HTTP knows of:
//
//   Host and Origin that are not of this machine        403
//   a body that is not JSON, or is not one message      400, -32700 or -32600
//   the header MCP-Protocol-Version, Mcp-Method or      400, -32020
//     Mcp-Name missing or not as in the message (modern)
//   a session header that is missing, or of no session  400, 404 (legacy)
//   DELETE                                              200; the session's server is ended (legacy)
//   GET where there is no session                       405
//   a server that has ended with requests unanswered    502
//
// And what HTTP says in its own way:
//
//   an error's code                                     400 or 404 (modern), as the table below says
//   notifications and answers                           202
//   a response that other messages precede              an event stream
//   a client that hangs up (modern)                     notifications/cancelled
//
// A legacy session has a server process of its own. All modern requests share one; where two of them
// have the same id, the second waits, since nothing but the id tells their answers apart on a pipe.
// What such a server says about requests of clients that have hung up reaches nobody.
import {spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {createServer} from 'node:http';
import {createInterface} from 'node:readline';

const statuses = {'-32601': 404, '-32600': 400, '-32602': 400, '-32700': 400, '-32020': 400, '-32021': 400, '-32022': 400};
const names = {'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri'};
const version_key = 'io.modelcontextprotocol/protocolVersion';
const level_key = 'io.modelcontextprotocol/logLevel';
const subscription_key = 'io.modelcontextprotocol/subscriptionId';

// The response to one POST or GET: an event stream from the first message that is not the last.
class Reply {
  constructor(response, headers = {}) {
    this.response = response;
    this.headers = headers;
  }
  event(line) {
    if (!this.response.headersSent) {
      this.open();
    }
    this.response.write(`event: message\ndata: ${line}\n\n`);
  }
  open() {
    this.response.writeHead(200, {'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', ...this.headers});
    this.response.flushHeaders();
  }
  finish(line, status) {
    if (this.response.headersSent) {
      this.event(line);
      this.response.end();
    } else {
      send(this.response, status, line, this.headers);
    }
  }
}

function send(response, status, body, headers = {}) {
  if (!response.headersSent) {
    response.writeHead(status, {...(body ? {'Content-Type': 'application/json'} : {}), ...headers});
  }
  response.end(body);
}

function refuse(response, status, code, message, id) {
  send(response, status, JSON.stringify({jsonrpc: '2.0', ...(id === undefined ? {} : {id}), error: {code, message}}));
}

// One process of the server, and the requests that it has not answered.
class Server {
  constructor(modern) {
    this.modern = modern;
    this.requests = new Map();  // id: {reply, message, done, end}; the newest last
    this.stream = undefined;    // the reply to a GET
    this.early = [];            // what came while there was nowhere to send it
    this.child = spawn(process.argv[2], process.argv.slice(3), {stdio: ['pipe', 'pipe', 'inherit']});
    this.child.on('error', (error) => { console.error(`http_to_stdio: ${process.argv[2]}: ${error.message}`); this.ended(); });
    this.child.stdin.on('error', () => {});
    createInterface({input: this.child.stdout}).on('line', (line) => this.receive(line)).on('close', () => this.ended());
    servers.add(this);
  }

  ended() {
    servers.delete(this);
    for (const [id, request] of this.requests) {
      refuse(request.reply.response, 502, -32603, 'The server has ended.', id);
      request.end();
    }
    this.requests.clear();
    this.stream?.response.end();
  }

  write(line) { this.child.stdin.write(line + '\n'); }

  async ask(message, line, reply) {
    while (this.requests.has(message.id)) {
      await this.requests.get(message.id).done;
    }
    const request = {reply, message};
    request.done = new Promise((resolve) => { request.end = resolve; });
    this.requests.set(message.id, request);
    reply.response.on('close', () => {
      if (this.requests.get(message.id) !== request) {
        return;
      }
      this.finish(message.id);
      if (this.modern) {
        this.write(JSON.stringify({jsonrpc: '2.0', method: 'notifications/cancelled', params: {requestId: message.id}}));
      }
    });
    this.write(line);
  }

  finish(id) {
    const request = this.requests.get(id);
    this.requests.delete(id);
    request.end();
    return request.reply;
  }

  receive(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return console.error(`http_to_stdio: not JSON: ${line.slice(0, 200)}`);
    }
    if (message.method === undefined) {
      if (this.requests.has(message.id)) {
        this.finish(message.id).finish(line, (this.modern && statuses[message.error?.code]) || 200);
      } else if (message.id === undefined || message.id === null) {
        console.error(`http_to_stdio: an error about no request: ${line.slice(0, 200)}`);
      }
      return;
    }
    const reply = this.recipient(message);
    if (reply) {
      reply.event(line);
    } else if (!this.modern) {
      this.early.push(line);
    }
  }

  // On a pipe only a token or a subscription says what a message belongs to; what has neither goes
  // to the newest request, where there is one, and news of lists to the stream that is there for it.
  recipient(message) {
    const meta = message.params?._meta ?? {};
    const all = [...this.requests.values()].reverse();
    const found = (test) => all.find(({message: {params}}) => test(params?._meta ?? {}))?.reply;
    if (meta[subscription_key] !== undefined) {
      return this.requests.get(meta[subscription_key])?.reply;
    }
    if (message.method === 'notifications/progress') {
      return found((asked) => asked.progressToken === message.params?.progressToken);
    }
    if (this.modern && message.method === 'notifications/message') {
      return found((asked) => asked[level_key] !== undefined) ?? all[0]?.reply;
    }
    if (this.stream && /list_changed$|updated$/.test(message.method)) {
      return this.stream;
    }
    return all[0]?.reply ?? this.stream;
  }

  listen(reply) {
    reply.open();
    this.stream = reply;
    reply.response.on('close', () => {
      if (this.stream === reply) {
        this.stream = undefined;
      }
    });
    this.early.splice(0).forEach((line) => reply.event(line));
  }
}

const servers = new Set();
const sessions = new Map();
let shared;  // by all modern requests

const local = (host) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);

// What the headers say that the message does not; nothing where they agree.
function mismatch(headers, message) {
  const decoded = (value) => {
    const base64 = /^=\?base64\?(.*)\?=$/.exec(value ?? '');
    return base64 ? Buffer.from(base64[1], 'base64').toString() : value;
  };
  const said = message.params?._meta?.[version_key];
  const expected = {'mcp-protocol-version': said ?? headers['mcp-protocol-version'], 'mcp-method': message.method};
  if (names[message.method]) {
    expected['mcp-name'] = message.params?.[names[message.method]];
  }
  for (const [name, value] of Object.entries(expected)) {
    if (value !== undefined && decoded(headers[name]) !== value) {
      return `The header ${name} is ${JSON.stringify(headers[name] ?? null)}, and the message says ${JSON.stringify(value)}.`;
    }
  }
  return undefined;
}

async function post(request, response) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  let message;
  try {
    message = JSON.parse(body);
  } catch {
    return refuse(response, 400, -32700, 'The body is not JSON.');
  }
  if (message === null || typeof message !== 'object' || Array.isArray(message)) {
    return refuse(response, 400, -32600, 'The body is not one message.');
  }
  const line = /[\r\n]/.test(body) ? JSON.stringify(message) : body;
  const id = request.headers['mcp-session-id'];
  let server = sessions.get(id);
  let headers = {};
  if (id !== undefined && !server) {
    return refuse(response, 404, -32001, 'There is no such session.', message.id);
  }
  const version = request.headers['mcp-protocol-version'];
  const modern = message.params?._meta?.[version_key] !== undefined || (version !== undefined && version >= '2026');
  if (!server && !modern) {
    if (message.method !== 'initialize') {
      return refuse(response, 400, -32000, 'The header Mcp-Session-Id is missing.', message.id);
    }
    const made = randomUUID();
    server = new Server(false);
    sessions.set(made, server);
    headers = {'Mcp-Session-Id': made};
  }
  if (!server) {
    const wrong = mismatch(request.headers, message);
    if (wrong) {
      return refuse(response, 400, -32020, wrong, message.id);
    }
    server = shared = shared && servers.has(shared) ? shared : new Server(true);
  }
  if (message.method === undefined || message.id === undefined) {
    server.write(line);
    return send(response, 202);
  }
  return server.ask(message, line, new Reply(response, headers));
}

const http = createServer((request, response) => {
  const {host, origin} = request.headers;
  const session = request.headers['mcp-session-id'];
  if (!local(host ?? '') || (origin !== undefined && !local(origin.replace(/^https?:\/\//, '')))) {
    refuse(response, 403, -32000, 'Host and Origin have to be of this machine.');
  } else if (request.method === 'POST') {
    post(request, response).catch((error) => refuse(response, 500, -32603, String(error)));
  } else if (session !== undefined && !sessions.has(session)) {
    refuse(response, 404, -32001, 'There is no such session.');
  } else if (request.method === 'GET' && session) {
    sessions.get(session).listen(new Reply(response));
  } else if (request.method === 'DELETE' && session) {
    sessions.get(session).child.stdin.end();
    sessions.delete(session);
    send(response, 200);
  } else {
    send(response, 405, undefined, {Allow: 'POST'});
  }
});
http.listen(0, '127.0.0.1', () => console.log(`http://localhost:${http.address().port}/mcp`));

function end() {
  for (const server of servers) {
    server.child.stdin.end();
  }
  setTimeout(() => {
    for (const server of servers) {
      server.child.kill('SIGKILL');
    }
    process.exit(0);
  }, servers.size ? 2000 : 0).unref();
  http.close();
  http.closeAllConnections();
}
process.stdin.on('end', end).on('error', end).resume();
process.on('SIGTERM', end).on('SIGINT', end);
