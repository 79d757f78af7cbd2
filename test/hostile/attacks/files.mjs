// Files that are not the job's.
import { appendFileSync, existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { attack, broken, every, held, run } from './attack.mjs';

// the last two are memory of the container as well: shared memory and message queues of its own
const own = /^(\/workspace|\/home\/claude|\/tmp|\/dev\/shm|\/dev\/mqueue)(\/|$)/;

await attack('files.outside', () => {
  const { text } = run('find', [
    '/',
    '-path',
    '/proc',
    '-prune',
    '-o',
    '-path',
    '/sys',
    '-prune',
    '-o',
    '-type',
    'd',
    '-writable',
    '-print',
  ]);
  const found = text.split('\n').filter((line) => line.startsWith('/') && !own.test(line));
  return found.length === 0
    ? held('nothing but /workspace, /home/claude, /tmp, and /dev/shm and /dev/mqueue of its own')
    : broken(found.join(' '));
});

await every('files.programs', {
  worker: () => appendFileSync('/opt/remuda/worker.mjs', ';') ?? 'appended',
  claude: () => renameSync('/usr/local/bin/claude', '/usr/local/bin/was') ?? 'renamed',
  passwd: () => appendFileSync('/etc/passwd', 'x::0:0::/:/bin/sh\n') ?? 'appended',
  preload: () => writeFileSync('/etc/ld.so.preload', '/workspace/x.so') ?? 'written',
});

await every('files.sockets', {
  remove: () => unlinkSync('/run/remuda/model.sock') ?? 'removed',
  add: () => writeFileSync('/run/remuda/x', '') ?? 'written',
});

await every('files.docker_socket', {
  ...Object.fromEntries(
    ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '/run/podman/podman.sock'].map(
      (path) => [
        path,
        () => new Promise((resolve, reject) => connect(path, () => resolve('connected')).on('error', reject)),
      ],
    ),
  ),
  anywhere: () =>
    run('find', ['/', '-xdev', '-name', '*docker*.sock'])
      .text.split('\n')
      .find((line) => line.startsWith('/') && !line.includes('Permission')),
});

await attack('files.host', () => {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const hosts = mounts.filter(
    (fields) => fields[fields.indexOf('-') + 1].match(/^(ext4|xfs|btrfs|overlay|zfs)$/) && fields[5].startsWith('rw'),
  );
  const known = /^\/$|^\/etc\/(resolv.conf|hostname|hosts)$|^\/run\/remuda$/;
  const shared = mounts.filter(
    (fields) => /^(ext4|xfs|btrfs|zfs)$/.test(fields[fields.indexOf('-') + 1]) && !known.test(fields[4]),
  );
  if (shared.length > 0) return broken(`of the host: ${shared.map((fields) => fields[4]).join(' ')}`);
  const writable = hosts.map((fields) => fields[4]).filter((path) => run('test', ['-w', path]).status === 0);
  if (writable.length > 0) return broken(`may be written: ${writable.join(' ')}`);
  return existsSync('/host') ? broken('/host') : held('of the host there is only the folder of sockets, read-only');
});
