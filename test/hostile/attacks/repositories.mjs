// The way to the job's repository, and to no other.
import { connect } from 'node:net';
import { attack, broken, every, held, ownToken, say, told } from './attack.mjs';

/** Sends bytes to the bridge's Git listener, and gives all that comes back within a while. */
function talk(bytes, path = '/run/remuda/git.sock') {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true }, () => socket.write(bytes));
    let text = '';
    socket
      .setTimeout(2_500, () => socket.destroy())
      .on('error', reject)
      .on('close', () => resolve(text));
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('end', () => socket.end());
  });
}

const packet = (text) => (text.length + 4).toString(16).padStart(4, '0') + text;
const first = (value) => `${JSON.stringify(value)}\n`;
const shown = (text) => text.slice(0, 90).replaceAll(/[^ -~]/g, '.');

/** What a listener that serves a repository says begins with its references. */
async function served(bytes) {
  const text = await talk(bytes);
  if (/[0-9a-f]{40} (HEAD|refs\/)/.test(text)) return shown(text);
  throw Object.assign(new Error(text), { code: text === '' ? 'CLOSED' : 'REFUSED' });
}

const token = ownToken();
if (told.part === 'ended') {
  await every('git.ended_token', { fetch: () => served(first({ token: told.ended })) });
  process.exit(0);
}

const own = await talk(first({ token }));
say('control.git', own.includes(told.head) ? held('its own repository is served') : broken(shown(own)));

await every('git.no_token', {
  none: () => served(first({})),
  empty: () => served(first({ token: '' })),
  idle: () => served(first({ token: 'remuda-idle' })),
  object: () => served(first({ token: { $ne: null } })),
  'no json': () => served('hello\n'),
  'git protocol': () => served(packet('git-upload-pack /etc\0host=x\0')),
});

await attack('git.other_repository', async () => {
  const want = packet(`want ${told.otherHead} no-progress\n`) + '0000' + packet('done\n');
  const text = (await talk(first({ token }) + want)).slice(-200);
  return text.includes('PACK') ? broken('a pack came') : held(shown(text.replace(/^.*(ERR)/s, '$1')));
});

await attack('git.paths', async () => {
  const tricks = [
    ...[
      { url: 'file:///etc' },
      { url: told.otherUrl },
      { path: '/etc' },
      { repo: '../../../etc' },
      { ref: '--upload-pack=touch /tmp/x' },
    ].map((more) => first({ token, ...more })),
    first({ token: `${token}/../../etc` }),
    first({ token }) + packet('git-upload-pack /etc\0'),
    first({ token }) + packet(`want ${'0'.repeat(40)}\n`) + '0000',
  ];
  for (const bytes of tricks) {
    const text = await talk(bytes);
    if (text.includes(told.otherHead) || /root:x:0|PACK/.test(text)) return broken(shown(text));
  }
  return held(`${tricks.length} tricks, none gave another repository or a file`);
});

await attack('git.push', async () => {
  const text = await talk(
    first({ token, service: 'git-receive-pack' }) +
      packet(`${told.head} ${'0'.repeat(40)} refs/heads/main\0report-status`) +
      '0000',
  );
  return text.includes('unpack ok') ? broken(shown(text)) : held(shown(text.slice(-80)));
});
