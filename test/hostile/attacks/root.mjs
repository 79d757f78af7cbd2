// More rights than Claude's user has: root, capabilities, namespaces, the kernel.
import { readFileSync, writeFileSync } from 'node:fs';
import { attack, broken, call, every, held, run, wants, workerPid } from './attack.mjs';

await attack('root.capabilities', () => {
  const status = readFileSync('/proc/self/status', 'latin1');
  const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim();
  const seen = ['CapPrm', 'CapEff', 'CapAmb', 'CapBnd', 'NoNewPrivs', 'Seccomp', 'Uid', 'Groups'].map(
    (name) => `${name} ${field(name)}`,
  );
  const none = ['CapPrm', 'CapEff', 'CapAmb'].every((name) => /^0+$/.test(field(name) ?? ''));
  const walled = field('NoNewPrivs') === '1' && field('Seccomp') === '2' && field('Uid') === '1000\t1000\t1000\t1000';
  return { held: none && walled && ['', '1000'].includes(field('Groups') ?? ''), evidence: seen.join(', ') };
});

await attack('root.setuid_programs', () => {
  const { text } = run('find', ['/', '-xdev', '-type', 'f', '-perm', '/6000']);
  const found = text.split('\n').filter((line) => line.startsWith('/') && !line.includes('Permission'));
  return found.length === 0 ? held('there are none') : broken(`${found.length}: ${found.join(' ')}`);
});

await every('root.become', {
  su: () => wants('su', '-c', 'id', 'root'),
  sudo: () => wants('sudo', '-n', 'id'),
  setuid: () => wants('perl', '-MPOSIX', '-e', 'setuid(0) or die $!; exit($< != 0)'),
  setgid: () => wants('perl', '-MPOSIX', '-e', 'setgid(0) or die $!; exit($( + 0 != 0)'),
  newgrp: () => wants('setpriv', '--reuid', '0', 'id'),
});

await every('root.namespaces', {
  unshare: () => wants('unshare', '--user', '--map-root-user', 'id', '-u'),
  mount: () => wants('unshare', '--mount', 'true'),
  nsenter: () => wants('nsenter', '--target', '1', '--mount', 'true'),
  chroot: () => wants('perl', '-e', 'chroot("/tmp") or die $!'),
});

await every('root.mount', {
  tmpfs: () => wants('mount', '-t', 'tmpfs', 'none', '/tmp'),
  remount: () => wants('mount', '-o', 'remount,rw', '/'),
  bind: () => call([165, 40], '"/etc"', '"/tmp"', '"none"', 4096, 0),
  umount: () => wants('umount', '/run/remuda'),
});

await every('root.devices', {
  block: () => wants('mknod', '/tmp/disk', 'b', '8', '0'),
  memory: () => wants('mknod', '/tmp/mem', 'c', '1', '1'),
  kmsg: () => readFileSync('/dev/kmsg', 'latin1'),
});

await every('root.kernel', {
  init_module: () => call([175, 105], 0, 0, 0),
  finit_module: () => call([313, 273], 0, '""', 0),
  bpf: () => call([321, 280], 0, 0, 0),
  perf: () => call([298, 241], 0, 0, -1, -1, 0),
  keyctl: () => call([250, 219], 0, -4, 1),
  add_key: () => call([248, 217], '"user"', '"left"', '"x"', 1, -4),
  userfaultfd: () => call([323, 282], 0),
  kexec: () => call([246, 104], 0, 0, 0, 0),
  reboot: () => call([169, 142], 0, 0, 0, 0),
});

await every('root.kernel_settings', {
  core_pattern: () => writeFileSync('/proc/sys/kernel/core_pattern', '|/tmp/x') ?? 'written',
  forwarding: () => writeFileSync('/proc/sys/net/ipv4/ip_forward', '1') ?? 'written',
  sysrq: () => writeFileSync('/proc/sysrq-trigger', 'h') ?? 'written',
  uevent: () => writeFileSync('/sys/kernel/uevent_helper', '/tmp/x') ?? 'written',
  cgroup: () => writeFileSync('/sys/fs/cgroup/memory/memory.limit_in_bytes', '-1') ?? 'written',
  oom: () => writeFileSync(`/proc/${workerPid()}/oom_score_adj`, '1000') ?? 'written',
});
