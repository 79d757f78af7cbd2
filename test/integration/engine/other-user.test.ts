import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalRunner } from '@remuda/engine';
import { script } from '@remuda/scripted-model';
import { describe, expect, it } from 'vitest';
import { runs } from './process-table.js';
import { bash, dataOf, warmStable } from './stable.js';

/** Whose processes are all the engine's: nobody else may have this number, another run of this test neither. */
const id = 40_000_000 + process.pid;
const user = { uid: id, gid: id };

describe.skipIf(process.getuid?.() !== 0)('an engine that runs as another user (as root only)', () => {
  it('works in folders that are closed to others, and ends even what hides its descent and its environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remuda-other-'));
    try {
      await chown(folder, user.uid, user.gid);
      const workspace = join(folder, 'workspace');
      await using one = await warmStable({ runner: new LocalRunner(user), workspace, home: join(folder, 'home') });
      const seconds = `300.${String(process.pid)}`;
      const hide = `setsid -f env -i sleep ${seconds} >/dev/null 2>&1; id -u; id -G; touch made; echo "[$IS_SANDBOX]"`;
      const { end, events } = await one.run(script(bash(hide), { text: 'ok' }));
      expect(end.kind).toBe('succeeded');
      expect(dataOf(events, 'tool.returned')[0]?.output.split('\n')).toEqual([String(id), String(id), '[]']);
      expect(await stat(join(workspace, 'made'))).toMatchObject({ uid: user.uid });
      expect(runs(`sleep ${seconds}`)).toBe(false);
      const hopper = `hopper ${String(process.pid)}`;
      const hop = `perl -MPOSIX -e 'close STDOUT; close STDERR; $0 = "${hopper}"; for (1..99999) { exit if fork; setsid(); select undef, undef, undef, 0.002 }' &`;
      expect((await one.run(script(bash(hop), { text: 'ok' }))).end.kind).toBe('succeeded');
      await one.engine.reset();
      // one that hops is not seen in every look
      for (let look = 0; look < 50; look++) expect(runs(hopper)).toBe(false);
      await expect(stat(join(workspace, 'made'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
