// The way by which a job's commits leave: to the branch of its own job, and nowhere else.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { broken, every, held, ownToken, say, told } from './attack.mjs';

const token = ownToken();
const megabyte = 1024 * 1024;

/** Git in the workspace, without a look at its work tree: nothing of it changes. */
function git(args, input) {
  const options = { cwd: '/workspace', input, maxBuffer: 256 * megabyte };
  const as = ['-c', 'user.name=x', '-c', 'user.email=x@example.org'];
  const { status, stdout, stderr } = spawnSync('git', [...as, ...args], options);
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${String(stderr)}`);
  return stdout;
}
const line = (args, input) => git(args, input).toString().trim();
const base = line(['rev-parse', 'HEAD']);
const blob = (content) => line(['hash-object', '-w', '--stdin'], content);
const treeOf = (...entries) => line(['mktree'], [line(['ls-tree', base]), ...entries, ''].join('\n'));
const fileOf = (name, content = name) => `100644 blob ${blob(content)}\t${name}`;
/** An object that git itself would not make. */
const literally = (type, content) => line(['hash-object', '-t', type, '-w', '--literally', '--stdin'], content);
const commitOf = (tree, ...parents) => line(['commit-tree', '-m', 'x', tree, ...parents.flatMap((one) => ['-p', one])]);
const pack = (...revisions) => git(['pack-objects', '--revs', '--stdout', '-q'], `${revisions.join('\n')}\n`);
const since = (head, from = base) => pack(head, `^${from}`);

const noted = (note = {}) => JSON.stringify({ v: told.v, base, ...note });
const headersOf = (note, of = token) => ({ 'x-remuda-token': of, 'x-remuda-push': note });

/** A request at the listener; a body may be a function that writes it. */
function ask({ method = 'PUT', path = '/push', headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: '/run/remuda/snapshot.sock', method, path, headers });
    sent.once('error', reject).once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text });
      sent.destroy();
    });
    sent.setTimeout(120_000, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    if (typeof body === 'function') body(sent);
    else sent.end(body);
  });
}

/** What was pushed where a refusal was due; throws the refusal. */
async function pushed(what) {
  const { status, text } = await ask(what);
  const outcome = status === 200 ? JSON.parse(text) : {};
  if (outcome.state === 'pushed') return `${outcome.commit} to ${outcome.branch}`;
  throw Object.assign(new Error(outcome.message ?? text), { code: outcome.reason ?? String(status) });
}
const push = (head, body = since(head), more = {}) => pushed({ headers: headersOf(noted({ head, ...more })), body });

const first = commitOf(treeOf(fileOf('first.txt')), base);
const second = commitOf(treeOf(fileOf('first.txt'), fileOf('second.txt')), first);
const other = commitOf(treeOf(fileOf('other.txt')), base);

if (told.part === 'foreign') {
  const as = (of) => pushed({ headers: headersOf(noted({ head: first }), of), body: since(first) });
  const tokens = { empty: '', idle: 'remuda-idle', guessed: 'a'.repeat(43), path: '../../x' };
  await every('push.no_token', {
    none: () => pushed({ headers: { 'x-remuda-push': noted({ head: first }) }, body: since(first) }),
    ...Object.fromEntries(Object.entries(tokens).map(([name, value]) => [name, () => as(value)])),
  });
  await every('push.ended_token', { push: () => as(told.ended) });
  await every('push.other_job', { push: () => as(told.theirs) });
  await every('push.not_granted', { push: () => as(token) });
}

if (told.part === 'own') {
  const own = await push(second).catch((error) => error.message);
  say('control.push', own.startsWith(second) ? held(`pushed ${own}`) : broken(own));
  console.log(`##${JSON.stringify({ pushed: second })}`);

  await every('push.force', {
    'to the beginning': () => push(base, since(second)),
    'one back': () => push(first),
    'one back, from there': () => push(first, since(second), { base: first }),
    'from another beginning': () => push(commitOf(treeOf(fileOf('x.txt')))),
  });

  const names = ['main', 'refs/heads/main', '+main', '--force', 'a:main', '../main'];
  const asking = (more) => pushed({ headers: headersOf(noted({ head: second })), body: since(second), ...more });
  // that they get their own branch is no more than theirs: the test looks at what others the repository has then
  for (const name of names) {
    await push(second, since(second), { branch: name, ref: name, to: name, refspec: `${second}:${name}` }).catch(
      String,
    );
    await asking({ headers: { ...headersOf(noted({ head: second })), 'x-remuda-branch': name, 'x-branch': name } });
  }
  await every('push.paths', {
    ...Object.fromEntries(
      [
        ...names.map((name) => `/push/${name}`),
        '/push?branch=main',
        '//push',
        '/push/',
        '/snapshot/../push',
        '/PUSH',
      ].map((path) => [path, () => asking({ path })]),
    ),
    ...Object.fromEntries(['GET', 'POST', 'PATCH', 'DELETE'].map((method) => [method, () => asking({ method })])),
  });

  const wrong = [
    ...[
      '--force',
      '+main',
      'HEAD',
      'main',
      'refs/heads/main',
      `${first}\nmain`,
      `${first}:refs/heads/main`,
      `${first}^{tree}`,
    ],
    ...[
      `${first} main`,
      first.slice(1),
      `${first}..${second}`,
      '--upload-pack=touch /tmp/x',
      '',
      null,
      7,
      [first],
      { first },
    ],
  ];
  await every('push.note', {
    ...Object.fromEntries(wrong.map((head) => [`head ${JSON.stringify(head)}`, () => push(head, since(second))])),
    ...Object.fromEntries(
      wrong.map((from) => [`base ${JSON.stringify(from)}`, () => push(second, since(second), { base: from })]),
    ),
    'a tree as head': () => push(line(['rev-parse', `${first}^{tree}`]), since(first)),
    'no note': () => pushed({ headers: { 'x-remuda-token': token }, body: since(second) }),
    'no json': () => pushed({ headers: headersOf('x'), body: since(second) }),
  });

  await every('push.foreign_history', {
    orphan: () => push(commitOf(treeOf(fileOf('x.txt'))), pack(commitOf(treeOf(fileOf('x.txt'))))),
    'a base of its own': () => {
      const from = commitOf(treeOf(fileOf('from.txt')), base);
      const head = commitOf(treeOf(fileOf('from.txt'), fileOf('head.txt')), from);
      return push(head, pack(head), { base: from });
    },
    'a base that is nowhere': () => push(second, since(second), { base: '1'.repeat(40) }),
    'a grafted parent': () => push(other, since(other), { base: second }),
  });

  const inGit = literally(
    'tree',
    Buffer.concat([Buffer.from('40000 .git\0'), Buffer.from(line(['rev-parse', `${base}^{tree}`]), 'hex')]),
  );
  const inOther = (name) =>
    literally('tree', Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob('x'), 'hex')]));
  const submodule = `[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch /tmp/ran-push\n`;
  const evil = {
    '.git': inGit,
    '.GIT': inOther('.GIT'),
    'git~1': inOther('git~1'),
    '..': inOther('..'),
    'a/b': inOther('../../x'),
    '.gitmodules': treeOf(fileOf('.gitmodules', submodule)),
  };
  await every('push.objects', {
    ...Object.fromEntries(
      Object.entries(evil).map(([name, tree]) => {
        const head = commitOf(tree, second);
        return [name, () => push(head, since(head, second))];
      }),
    ),
    'refs of its own': () => push(second, git(['bundle', 'create', '-q', '-', 'HEAD', '--all'])),
    'objects missing': () => {
      const head = commitOf(treeOf(fileOf('y.txt')), commitOf(treeOf(fileOf('x.txt')), second));
      return push(head, since(head, `${head}^`));
    },
    'no pack': () => push(commitOf(treeOf(fileOf('z.txt')), second), randomBytes(1_000)),
    'a pack that breaks off': () => {
      const head = commitOf(treeOf(fileOf('broken.txt')), second);
      return push(head, since(head, second).subarray(0, -30));
    },
  });

  const hidden = commitOf(treeOf(fileOf('hidden.txt')), base);
  await push(second, pack(second, hidden, `^${base}`));
  console.log(`##${JSON.stringify({ hidden })}`);

  const large = commitOf(treeOf(fileOf('large.bin', randomBytes((told.maxMb + 1) * megabyte))), second);
  const zeros = commitOf(treeOf(fileOf('zeros.bin', Buffer.alloc(64 * megabyte))), second);
  const each = Array.from(
    { length: 1_001 },
    (_, n) => `commit refs/evil/many\ncommitter x <x@x> ${n} +0000\ndata 1\nx\n`,
  );
  git(['fast-import', '--quiet'], [each[0], `from ${second}\n`, ...each.slice(1)].join(''));
  const many = line(['rev-parse', 'refs/evil/many']);
  const chunk = randomBytes(megabyte);
  await every('push.oversize', {
    'a large file': () => push(large, since(large, second)),
    'a small pack of 64 MB': () => push(zeros, since(zeros, second)),
    'more than 1,000 commits': () => push(many, since(many, second)),
    endless: () =>
      pushed({
        headers: headersOf(noted({ head: large })),
        body: (sent) => {
          sent.on('error', () => undefined);
          sent.write(since(large, second).subarray(0, megabyte));
          const more = () => {
            while (!sent.destroyed && sent.write(chunk));
            if (!sent.destroyed) sent.once('drain', more);
          };
          more();
        },
      }),
  });

  // last, since the branch may go on to a commit that joins them
  console.log(`##${JSON.stringify({ sideways: await push(other).catch((error) => error.message) })}`);
}
process.exit(0);
