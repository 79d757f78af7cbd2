// Claude Code itself, which runs as the same user as its tools.
import { openSync, writeSync } from 'node:fs';
import { attack, broken, call, claudePids, every, held, told } from './attack.mjs';

const [pid] = claudePids();
if (told.part === 'output') {
  const open = (fd) => {
    const file = openSync(`/proc/${pid}/fd/${fd}`, 'w');
    return `opened as ${file}; ${writeSync(file, '')} bytes`;
  };
  await every('agent.output', {
    stdout: () => open(1),
    stdin: () => open(0),
    pidfd_getfd: () => call([438, 438], `syscall(434, ${pid}, 0)`, 1, 0),
  });
}
if (told.part === 'kill') for (const one of claudePids()) process.kill(one, 'SIGKILL');
if (told.part === 'stop') for (const one of claudePids()) process.kill(one, 'SIGSTOP');
if (told.part === 'binary')
  await attack('agent.binary', () => {
    openSync('/usr/local/bin/claude', 'r+');
    return broken('its program may be written');
  });
void held;
