// The way by which snapshots leave and come back: of the own job, and of no other.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { attack, broken, every, held, ownToken, say, told } from './attack.mjs';

const socketPath = '/run/remuda/snapshot.sock';
const token = ownToken();
const mine = { 'x-remuda-token': token };
const note = { sessionId: 'e5841831-5c2f-4a94-afbe-415963a94fa3', at: 17, sessionBytes: 3 };
const noted = (more = {}) => ({ 'x-remuda-snapshot': JSON.stringify({ ...note, ...more }) });
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A request at the listener. A body may be pieces without end; who hears nothing for so long gives up. */
function ask({ method = 'GET', path = '/snapshot', headers = mine, body, silenceMs = 60_000 }) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers });
    sent.once('error', reject).once('response', async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, bytes: Buffer.concat(chunks) });
      sent.destroy();
    });
    sent.setTimeout(silenceMs, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    if (typeof body === 'function') body(sent);
    else sent.end(body);
  });
}

const put = (body, more = {}) => ask({ method: 'PUT', headers: { ...mine, ...noted() }, body, ...more });

/** What came back where a refusal was due. */
async function answered(what) {
  const { status, bytes } = await ask(what);
  if (status >= 400) throw Object.assign(new Error(bytes.toString()), { code: String(status) });
  return `${status}, ${bytes.length} bytes`;
}

/** What came back where the other job's was asked for: undefined for anything else. */
async function theirs(what) {
  const { status, bytes } = await ask(what);
  if (hash(bytes) === told.theirs) return `the other's snapshot, ${bytes.length} bytes`;
  throw Object.assign(new Error('not the other one'), { code: String(status) });
}

if (told.part === 'closed') await every('snapshot.socket', { connect: () => answered({}) });

if (told.part === 'ended')
  await every('snapshot.ended_token', {
    read: () => answered({ headers: { 'x-remuda-token': told.ended } }),
    write: () => answered({ method: 'PUT', headers: { 'x-remuda-token': told.ended, ...noted() }, body: 'late' }),
  });

if (told.part === 'open') {
  const own = randomBytes(100_000);
  const kept = await put(own);
  const had = await ask({});
  say(
    'control.snapshot',
    kept.status === 204 && hash(had.bytes) === hash(own)
      ? held('its own snapshot was kept, and came back')
      : broken(`kept ${kept.status}, read ${had.status}`),
  );

  const tokens = { none: undefined, empty: '', idle: 'remuda-idle', guessed: 'a'.repeat(43), path: '../../x' };
  await every(
    'snapshot.no_token',
    Object.fromEntries(
      Object.entries(tokens).flatMap(([name, value]) => {
        const headers = value === undefined ? {} : { 'x-remuda-token': value };
        return [
          [`read ${name}`, () => answered({ headers })],
          [`write ${name}`, () => answered({ method: 'PUT', headers: { ...headers, ...noted() }, body: 'x' })],
        ];
      }),
    ),
  );

  const { job, lease } = told.victim;
  const name = `${job}.${lease}`;
  const paths = [
    ...[`/snapshot/${name}`, `/${name}`, `/snapshot?job=${job}`, `/snapshot/../${name}`, `/snapshot/%2e%2e/${name}`],
    ...['/snapshot/..%2f..%2f..%2fetc/passwd', '//snapshot', '/snapshot/', '/snapshot#x', '/etc/passwd'],
  ];
  await every('snapshot.other_job', {
    plain: () => theirs({}),
    ...Object.fromEntries(paths.map((path) => [path, () => theirs({ path })])),
    header: () => theirs({ headers: { ...mine, 'x-remuda-job': job, 'x-job': job, cookie: `job=${job}` } }),
    noted: () => theirs({ headers: { ...mine, ...noted({ job, lease, name }) } }),
  });
  // the test looks at what became of the other job's file, and at what else is in the folder
  for (const more of [{ job, lease, name }, { worker: told.victim.worker }, { bytes: 0, path: `../${name}` }])
    await put('forged', { headers: { ...mine, ...noted(more) } }).catch(() => undefined);
  for (const path of paths) await put('forged', { path }).catch(() => undefined);

  const bad = [
    ...[{ sessionId: '../../../etc/x' }, { sessionId: '--settings' }, { base: '--output=/etc/x' }, { at: '17' }],
    ...[{ sessionBytes: -1 }, { sessionId: `${note.sessionId}/..` }],
  ];
  await every('snapshot.paths', {
    ...Object.fromEntries(
      bad.map((more) => [
        JSON.stringify(more),
        () => answered({ method: 'PUT', headers: { ...mine, ...noted(more) }, body: 'x' }),
      ]),
    ),
    'no note': () => answered({ method: 'PUT', body: 'x' }),
    ...Object.fromEntries(
      ['DELETE', 'POST', 'PATCH', 'MOVE', 'COPY'].map((method) => [
        method,
        () => answered({ method, headers: { ...mine, ...noted() }, body: 'x' }),
      ]),
    ),
    ...Object.fromEntries(paths.map((path) => [path, () => answered({ path })])),
  });

  const megabyte = randomBytes(1024 * 1024);
  /** Sends pieces for as long as they are taken. */
  const endless = (sent) => {
    sent.on('error', () => undefined);
    const more = () => {
      while (!sent.destroyed && sent.write(megabyte));
      if (!sent.destroyed) sent.once('drain', more);
    };
    more();
  };
  await every('snapshot.oversize', {
    said: () =>
      answered({
        method: 'PUT',
        headers: { ...mine, ...noted(), 'content-length': String((told.maxMb + 1) * 1024 * 1024) },
        body: (sent) => {
          for (let i = 0; i <= told.maxMb; i++) sent.write(megabyte);
          sent.end();
        },
      }),
    endless: () => answered({ method: 'PUT', headers: { ...mine, ...noted() }, body: endless }),
  });
  await attack('snapshot.endless', async () => {
    await put(own);
    const since = Date.now();
    const end = await put((sent) => sent.write('one piece, and then nothing more'), { silenceMs: 120_000 }).then(
      ({ status }) => String(status),
      (error) => error.code,
    );
    const after = await ask({});
    const ms = Date.now() - since;
    return end !== 'TIMEOUT' && after.status === 200 && hash(after.bytes) === hash(own)
      ? held(`ended with ${end} after ${ms} ms, and the one before is still there`)
      : broken(`${end} after ${ms} ms; then ${after.status}`);
  });
}
process.exit(0);
