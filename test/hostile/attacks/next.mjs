// The job after: what it still finds of the one before it, in the same container.
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { attack, broken, claudePids, every, held, processes, quiet, run, told, workerPid } from './attack.mjs';

const { canary } = told;
// Told backwards, so that to be told of them does not put them where they are looked for.
const [prompt, token] = [told.prompt, told.token].map((text) => [...(text ?? '')].reverse().join(''));
const mark = `left-${canary}`;
const nothing = (found, where) =>
  found.length === 0 ? held(`nothing of it ${where}`) : broken(found.slice(0, 6).join(' '));
const grep = (...folders) =>
  run('grep', ['-rIls', '--exclude-dir=proc', mark, ...folders])
    .text.split('\n')
    .filter((line) => line.startsWith('/'));

await attack('next.processes', () => {
  const known = new Set([1, workerPid(), ...claudePids()]);
  for (
    let pid = process.pid;
    pid > 1;
    pid = Number(/^PPid:\s(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
  )
    known.add(pid);
  const orphans = processes().filter(({ pid, command }) => !known.has(pid) && /31415/.test(command));
  const posing = processes().filter(({ command }) => /31415/.test(command));
  return nothing(
    [...new Set([...orphans, ...posing])].map(({ pid, command }) => `${pid} ${command}`),
    'runs any more',
  );
});

await attack('next.environment', () => {
  const own = `${JSON.stringify(process.env)}\0${processes()
    .map(({ pid }) => quiet(() => readFileSync(`/proc/${pid}/environ`, 'latin1')) ?? '')
    .join('\0')}`;
  const found = [mark, token].filter((text) => text && own.includes(text));
  return nothing(found, 'in the environment of any process: neither variable nor token');
});

await attack('next.shell', () => {
  const { text } = run('bash', ['-lc', 'echo "<$POISON>"']);
  return process.env.POISON === undefined && !text.includes(mark)
    ? held('no start-up file of the one before was read')
    : broken(`POISON=${process.env.POISON} ${text}`);
});

await attack('next.home', () =>
  nothing([...grep('/home/claude'), ...(existsSync('/home/claude/unwritable') ? ['~/unwritable'] : [])], 'in the home'),
);
await attack('next.settings', () => {
  const hooked = existsSync(`/tmp/ran-hook-${canary}`) && readdirSync('/tmp').includes(`ran-hook-${canary}`);
  const left = ['settings.json', 'settings.local.json'].filter((name) => existsSync(`/home/claude/.claude/${name}`));
  return !hooked && left.length === 0
    ? held('no settings and no hook of the one before')
    : broken(`${left.join(' ')} ${hooked ? 'and a hook ran' : ''}`);
});
await attack('next.git_config', () => {
  const { text } = run('git', ['config', '--show-origin', '--list'], { cwd: '/workspace' });
  return text.includes(mark) || text.includes('fsmonitor') ? broken(text) : held('no configuration of the one before');
});
await attack('next.workspace', () =>
  nothing(
    [
      ...grep('/workspace'),
      ...readdirSync('/workspace').filter((name) => /ignored-by|locked/.test(name)),
      ...(existsSync('/workspace/.git/hooks/post-checkout') ? ['hook'] : []),
    ],
    'in the workspace',
  ),
);
await attack('next.tmp', () =>
  nothing(
    [
      ...grep('/tmp'),
      ...readdirSync('/tmp')
        .filter((name) => /left|hidden|ran-/.test(name))
        .map((name) => `/tmp/${name}`),
    ],
    'in /tmp',
  ),
);
await attack('next.shared_memory', () => {
  const files = ['/dev/shm', '/dev/mqueue'].flatMap((folder) =>
    (quiet(() => readdirSync(folder)) ?? []).map((name) => `${folder}/${name}`),
  );
  return nothing(files, 'in /dev/shm and /dev/mqueue');
});
await attack('next.system_v', () => {
  const rows = run('ipcs', ['-a'])
    .text.split('\n')
    .filter((line) => line.startsWith('0x'));
  return nothing(rows, 'among shared memory, semaphores and message queues');
});
await every('next.transcript', {
  files: () =>
    run('grep', ['-rIls', prompt, '/home/claude', '/tmp', '/workspace', '/dev/shm'])
      .text.split('\n')
      .find((line) => line.startsWith('/')),
});

await attack('next.memory', () => {
  for (const pid of claudePids()) {
    const found = search(pid, prompt);
    if (found) return broken(`the prompt of the one before is in the memory of Claude Code, process ${pid}`);
  }
  return held('no trace of its prompt in the memory of Claude Code');
});

/** Whether a text is in the writable memory of a process, as far as it is there at all. */
function search(pid, text) {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const wanted = [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')];
  try {
    for (const [from, to] of present(pid)) {
      const piece = Buffer.alloc(to - from);
      if (quiet(() => readSync(memory, piece, 0, piece.length, from)) === undefined) continue;
      if (wanted.some((each) => piece.includes(each))) return true;
    }
  } finally {
    closeSync(memory);
  }
  return false;
}

/** Stretches of memory that are really there, of at most 16 MB: most of what is mapped never was used. */
function* present(pid) {
  const page = 4096;
  const map = openSync(`/proc/${pid}/pagemap`, 'r');
  for (const region of readFileSync(`/proc/${pid}/smaps`, 'latin1').split(/\n(?=[0-9a-f]+-)/)) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? [];
    if (!from || /^Rss:\s+0 kB/m.test(region)) continue;
    const end = parseInt(to, 16);
    for (let at = parseInt(from, 16); at < end;) {
      const pages = Buffer.alloc(Math.min((end - at) / page, 4096) * 8);
      readSync(map, pages, 0, pages.length, (at / page) * 8);
      let begin;
      for (let i = 0; i <= pages.length / 8; i++) {
        const there = i < pages.length / 8 && (pages[i * 8 + 7] & 0xc0) !== 0;
        if (there) begin ??= at + i * page;
        else if (begin !== undefined) {
          yield [begin, at + i * page];
          begin = undefined;
        }
      }
      at += (pages.length / 8) * page;
    }
  }
  closeSync(map);
}
