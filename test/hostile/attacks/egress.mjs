// The way to other hosts: which it opens, and to whom. Of a job that may reach one address, and some names that lead inside.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { attack, broken, every, held, say, told, wants } from './attack.mjs';

const proxy = new URL(process.env.HTTP_PROXY);
const { site, inside } = told;
const at = `127.0.0.2:${site}`;

/** What the proxy answers to these bytes, until it ends the connection or is silent for 3 s. */
const raw = (bytes) =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(proxy.port), proxy.hostname, () => socket.write(bytes));
    let text = '';
    socket
      .setTimeout(3_000, () => socket.destroy())
      .on('data', (chunk) => (text += chunk))
      .on('error', reject)
      .on('close', () => resolve(text));
  });

/** Gives the first answer where a refusal was due; throws a refusal. */
async function answered(bytes) {
  const text = await raw(bytes);
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
  if (status === undefined || Number(status) >= 400)
    throw Object.assign(new Error(text.slice(0, 80)), { code: status ?? 'closed' });
  return text.slice(0, 80);
}
const tunnel = (to) => () => answered(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`);
const get = (url) => () => answered(`GET ${url} HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`);
const each = (way, ...list) => Object.fromEntries(list.map((one) => [one, way(one)]));

const control = await raw(`GET http://${at}/control HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`);
say('control.egress', control.includes('the site') ? held('the named host answers') : broken(control));

await every('egress.other_host', {
  ...each(
    tunnel,
    'other.example:443',
    '127.0.0.3:80',
    `127.0.0.2.other.example:${site}`,
    '127.0.0.2:1',
    '140.82.121.4:443',
  ),
  ...each(
    get,
    'http://other.example/',
    'http://127.0.0.2/',
    `http://127.0.0.3:${site}/`,
    `http://other.example:${site}/`,
  ),
});

await every('egress.notations', {
  ...each(
    tunnel,
    `2130706434:${site}`,
    `0x7f000002:${site}`,
    `127.2:${site}`,
    `0177.0.0.2:${site}`,
    `127.0.0.2.:${site}`,
  ),
  ...each(
    tunnel,
    `127.0.0.2%00:${site}`,
    `１27.0.0.2:${site}`,
    `[127.0.0.2]:${site}`,
    `127.0.0.2:+${site}`,
    `127.0.0.2:${site}/x`,
  ),
  ...each(get, `http://127.2:${site}/`, `http://0x7f.0.0.2:${site}/`, `http://%31%32%37.0.0.2:${site}/`),
});

await every('egress.user_info', {
  ...each(tunnel, `me@${at}`, `me:secret@${at}`, `${at}@127.0.0.1:${inside}`),
  ...each(get, `http://me@${at}/`, `http://${at}@127.0.0.1:${inside}/`, `http://${at}\\@127.0.0.1:${inside}/`),
});

await every('egress.inside', {
  ...each(tunnel, `localhost:${inside}`, `LOCALHOST.:${inside}`, `127.0.0.1:${inside}`, `[::1]:${inside}`),
  ...each(
    tunnel,
    `[::ffff:127.0.0.1]:${inside}`,
    `[::ffff:7f00:1]:${inside}`,
    '169.254.169.254:80',
    `0.0.0.0:${inside}`,
  ),
  ...each(get, `http://localhost:${inside}/`, `http://127.0.0.1:${inside}/`, 'http://169.254.169.254/latest/meta-data'),
});

await every('egress.redirect', {
  curl: () => wants('curl', '-sSfL', '--max-time', '5', `http://${at}/redirect`),
});

await every('egress.own_pages', {
  ...each(
    get,
    '/',
    '/metrics',
    '/health/live',
    '*',
    `https://${at}/`,
    `ftp://${at}/`,
    `file:///etc/passwd`,
    `//${at}/`,
  ),
});

const hidden = `GET /smuggled HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
const head = (method, ...lines) =>
  `${method} http://${at}/first HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
await attack('egress.smuggling', async () => {
  const bytes = [
    head('POST', `Host: ${at}`, `Content-Length: ${hidden.length}`, 'Transfer-Encoding: chunked') +
      `0\r\n\r\n${hidden}`,
    head('POST', `Host: ${at}`, 'Transfer-Encoding: chunked, identity') + hidden,
    head('POST', `Host: ${at}`, 'Transfer-Encoding : chunked') + `0\r\n\r\n${hidden}`,
    head('POST', `Host: ${at}`, 'Content-Length: 0', `Content-Length: ${hidden.length}`) + hidden,
    head('GET', `Host: ${at}`, 'Transfer-Encoding: chunked') +
      `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    head('GET', `Host: ${at}`, `Content-Length: ${hidden.length}`) + hidden,
    head('GET', `Host: ${at}`, `X: y\n\nGET /smuggled HTTP/1.1`),
    `GET http://${at}/first\tHTTP/1.1\r\n ${hidden}`,
  ];
  await Promise.all(bytes.map(raw));
  return held(`${bytes.length} ways were sent; what arrived is for the test to say`);
});
await raw(head('GET', 'Host: other.example', 'Connection: close, x-hidden', 'X-Hidden: 1', 'X-Seen: 1'));

/** A handshake within a tunnel to the allowed address; gives what came of it, or throws. */
const handshake = (servername) => () =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(proxy.port), proxy.hostname, () => socket.write(`CONNECT ${at} HTTP/1.1\r\n\r\n`));
    socket.once('data', () => {
      const secure = connectTls({ socket, servername, rejectUnauthorized: false });
      secure.once('secureConnect', () => resolve('a handshake')).once('error', reject);
    });
    socket
      .once('error', reject)
      .setTimeout(3_000, () => socket.destroy(Object.assign(new Error('silent'), { code: 'TIMEOUT' })));
  });
await every('egress.server_name', {
  'another name': handshake('other.example'),
  'a metadata name': handshake('metadata.google.internal'),
});

await every('egress.socket', {
  'its socket': () =>
    new Promise((resolve, reject) => {
      const socket = connect('/run/remuda/egress.sock', () => resolve('connected'));
      socket.once('error', reject);
    }),
});
