import { expect, test } from 'vitest';
import { runStep } from './set-up-step.mjs';

const node = (script: string) => ({ what: 'trying', command: process.execPath, args: ['-e', script] });

test('what a step prints is not shown while it succeeds: a person reads our own lines only', async () => {
  const said: string[] = [];
  await runStep(node('console.log("added 435 packages"); console.error("npm warn EBADENGINE")'), (line) =>
    said.push(line),
  );
  expect(said).toEqual(['set-up: trying']);
});

test('all that a step printed is told when it fails, and how it ended', async () => {
  const failing = runStep(node('console.log("src/a.ts: error"); process.exit(3)'), () => undefined);
  await expect(failing).rejects.toThrow(/^src\/a\.ts: error\nset-up: .* failed: exit code 3$/s);
});

test('a command that is not there is told by its name', async () => {
  const failing = runStep({ what: 'trying', command: 'no-such-command', args: ['ci'] }, () => undefined);
  await expect(failing).rejects.toThrow('set-up: no-such-command ci failed: spawn no-such-command ENOENT');
});

test('a signal that would end this process ends the step first', async () => {
  const said: string[] = [];
  const stopped = runStep({ ...node('setInterval(() => undefined, 1_000)'), quick: true }, (line) => said.push(line));
  process.emit('SIGTERM', 'SIGTERM');
  await expect(stopped).rejects.toThrow('failed: SIGTERM');
  expect(said).toEqual([]);
});
