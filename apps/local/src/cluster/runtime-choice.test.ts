import { expect, test } from 'vitest';
import { chooseRuntime, engineAnswers } from './runtime-choice.js';

test('workers are containers where an engine answers on Linux', () => {
  expect(chooseRuntime({ engine: true, platform: 'linux' }).kind).toBe('docker');
});

test.each([
  { engine: false, platform: 'linux' },
  { engine: true, platform: 'darwin' },
  { engine: true, platform: 'linux', asked: 'process' as const },
])('else they are child processes, and the note says that they are not isolated: %o', (facts) => {
  const choice = chooseRuntime(facts);
  expect(choice.kind).toBe('process');
  expect(choice.note).toContain('NOT isolated');
});

test('what the user asks for is done, engine or not', () => {
  expect(chooseRuntime({ asked: 'docker', engine: false, platform: 'linux' }).kind).toBe('docker');
});

test('no engine answers where there is no socket, and none on another machine is asked', async () => {
  expect(await engineAnswers('unix:///nowhere/docker.sock')).toBe(false);
  expect(await engineAnswers('tcp://127.0.0.1:2375')).toBe(false);
});
