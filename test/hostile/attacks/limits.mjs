// More than a container's share: disk, processes, memory, processor.
import { closeSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { attack, broken, held, quiet, run, say, told } from './attack.mjs';

const { diskMb, pids, memoryMb, cpus } = told.limits;

/** Writes until nothing more fits, at most four times of what may. */
function fill(folder, mostMb = diskMb * 4) {
  const path = `${folder}/fill`;
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(1024 * 1024, 1);
  let mb = 0;
  let end = 'no limit';
  try {
    for (; mb < mostMb; mb++) writeSync(file, piece);
  } catch (error) {
    end = error.code;
  }
  closeSync(file);
  rmSync(path);
  return { mb, end };
}

if (told.part === 'disk') {
  for (const [id, folder] of [
    ['limits.disk_workspace', '/workspace'],
    ['limits.disk_home', '/home/claude'],
    ['limits.disk_tmp', '/tmp'],
  ])
    await attack(id, () => {
      const { mb, end } = fill(folder);
      return mb <= diskMb ? held(`${end} after ${mb} MB of ${diskMb}`) : broken(`${mb} MB in ${folder}, ${end}`);
    });
  await attack('limits.disk_shm', () => {
    const { mb, end } = fill('/dev/shm');
    return mb <= diskMb ? held(`${end} after ${mb} MB of ${diskMb}`) : broken(`${mb} MB, ${end}`);
  });
}

if (told.part === 'pids')
  await attack('limits.pids', () => {
    const script =
      'my @c; for (1..5000) { my $p = fork; last unless defined $p; unless ($p) { sleep 30; exit } push @c, $p } my $why = "$!"; kill 9, @c; print scalar(@c), " $why"';
    const { text } = run('perl', ['-e', script]);
    const count = Number(text.split(' ')[0]);
    return count > 0 && count < pids ? held(`${text} with a limit of ${pids}`) : broken(text);
  });

if (told.part === 'memory')
  await attack('limits.memory', () => {
    const { status, text } = run(
      'perl',
      ['-e', `my $x = "x" x ${memoryMb * 2 * 1024 * 1024}; print "had ", length $x`],
      { timeout: 60_000 },
    );
    return text.includes('had')
      ? broken(text)
      : held(`it was ended (${status ?? 'by a signal'}) with a limit of ${memoryMb} MB`);
  });

if (told.part === 'cpu')
  await attack('limits.cpu', async () => {
    const usage = () => {
      const v1 = quiet(() => Number(readFileSync('/sys/fs/cgroup/cpuacct/cpuacct.usage', 'utf8')) / 1e6);
      return v1 ?? Number(/usage_usec (\d+)/.exec(readFileSync('/sys/fs/cgroup/cpu.stat', 'utf8'))[1]) / 1e3;
    };
    const before = usage();
    const since = performance.now();
    run('perl', ['-e', 'for (1..4) { fork or do { my $t = time + 2; 1 while time < $t; exit } } 1 while wait != -1']);
    const share = (usage() - before) / (performance.now() - since);
    return share <= cpus * 1.15
      ? held(`four busy loops had ${share.toFixed(2)} processors of ${cpus}`)
      : broken(`${share.toFixed(2)} processors of ${cpus}`);
  });

if (told.part === 'survivors')
  say('limits.survivor', held(`${readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length} processes`));
