// What only a pod has: a second container out of sight, a network that both share, an API server near by.
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { attack, broken, every, held, processes, quiet, run, told } from './attack.mjs';

const refusal = (code, message) => Object.assign(new Error(message), { code });

await attack('pod.worker', () => {
  const seen = processes().filter(({ command }) => command.includes('/worker.mjs'));
  return seen.length === 0 ? held(`not among ${processes().length} processes`) : broken(seen[0].command);
});

await attack('pod.password', () => {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const places = pids.flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`]);
  const pattern = /redis(\+unix)?:\/\/[^\s"']{0,80}:[\w-]{32}@|REMUDA_BRIDGE_CREDENTIAL/;
  for (const place of places) if (pattern.test(quiet(() => readFileSync(place, 'latin1')) ?? '')) return broken(place);
  const folders = ['/opt', '/run', '/etc', '/home', '/tmp', '/var', '/root'];
  const { text } = run('grep', ['-rIlE', 'redis(\\+unix)?://[^ ]{0,80}:[A-Za-z0-9_-]{32}@', '-s', ...folders]);
  return text === '' ? held(`not in ${places.length} places of /proc, nor in ${folders.join(' ')}`) : broken(text);
});

await every('pod.account', {
  token: () => readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8'),
  secrets: () => readdirSync('/var/run/secrets').join(),
});

const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;

/** The status and the beginning of what an https server answers; throws where it refuses. */
const asks = (url, headers = {}) =>
  new Promise((resolve, reject) => {
    const call = request(url, { headers, rejectUnauthorized: false, timeout: 5_000 });
    call.once('error', reject).once('timeout', () => call.destroy(refusal('TIMEOUT', 'no answer')));
    call.once('upgrade', () => resolve('let in'));
    call.once('response', (response) => {
      response.resume();
      if (response.statusCode === 401 || response.statusCode === 403)
        reject(refusal(`status ${response.statusCode}`, ''));
      else resolve(`status ${response.statusCode}`);
    });
    call.end();
  });

await every('pod.api_server', {
  secrets: () => asks(`https://${host}:${port}/api/v1/namespaces/${told.namespace}/secrets`),
  pods: () => asks(`https://${host}:${port}/api/v1/namespaces/${told.namespace}/pods`),
  guessed: () => asks(`https://${host}:${port}/api/v1/pods`, { authorization: 'Bearer guessed' }),
});

const upgrade = { connection: 'upgrade', upgrade: 'remuda' };
const listeners = ['model', 'git', 'snapshot', 'redis'];
await every(
  'pod.bridge',
  Object.fromEntries(
    listeners.flatMap((name) =>
      [{}, { authorization: 'Bearer guessed' }].map((proof, at) => [
        `${name} ${at}`,
        () => asks(`${told.bridge}listeners/${name}`, { ...upgrade, ...proof }),
      ]),
    ),
  ),
);

await every('pod.redis', {
  bare: () => redis('INFO\r\n'),
  guessed: () => redis(`AUTH ${told.worker} guessed\r\n`),
});

/** What Redis answers; throws where it refuses. */
function redis(words) {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...told.redis, timeout: 5_000 }, () => socket.write(words));
    socket.once('error', reject).once('timeout', () => socket.destroy(refusal('TIMEOUT', 'no answer')));
    socket.once('data', (data) => {
      const answer = data.toString('utf8');
      socket.destroy();
      if (answer.startsWith('-')) reject(refusal(answer.slice(1).split(' ', 1)[0], answer));
      else resolve(answer.slice(0, 40));
    });
  });
}

await every('pod.between', {
  agent: () =>
    new Promise((resolve, reject) => connect('/run/remuda/agent.sock', () => resolve('connected')).on('error', reject)),
});
