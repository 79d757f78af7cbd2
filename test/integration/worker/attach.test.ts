import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { script } from '@remuda/scripted-model';
import { describe, expect, test, vi } from 'vitest';
import { hasTmux } from '../engine/tmux/terminal.js';
import { startChannelWorker, startChannelWorkerIn, type ChannelWorker } from './channel-worker.js';
import { personsTerminal } from './persons-claude.js';

const ask = (worker: ChannelWorker, id: string, prompt: string, more: object = {}) =>
  writeFile(join(worker.folder, 'requests', `${id}.json`), JSON.stringify({ prompt, ...more }));

const answered = (worker: ChannelWorker, id: string) =>
  vi.waitFor(async () => JSON.parse(await readFile(join(worker.folder, 'responses', `${id}.json`), 'utf8')) as object, {
    timeout: 60_000,
    interval: 20,
  });

describe.skipIf(!hasTmux)('a worker with --attach-only', () => {
  test("asks in the person's own session, and leaves it as it was", async () => {
    await using person = await personsTerminal();
    await person.start();
    await using worker = await startChannelWorkerIn(person.env, '--channel', 'files', '--attach-only');
    await worker.idle();
    const said = 'remember: "walrus" $(id)\nand a second line';
    person.model.queue({ thinking: 'hm', text: 'I will' });
    await ask(worker, '1', said);
    expect(await answered(worker, '1')).toMatchObject({ outcome: { kind: 'succeeded', result: { text: 'I will' } } });
    await ask(worker, '2', 'and now?');
    expect(await answered(worker, '2')).toMatchObject({ outcome: { result: { text: 'ok: and now?' } } });
    expect(JSON.stringify(person.model.lastMain?.messages)).toContain('walrus');
    expect(person.model.lastMain && worker.model.requests).toEqual([]);
    expect(await person.screen()).toContain('and now?');
    await worker.stop();
    expect(await worker.exited).toBe(0);
    expect(await person.screen()).toContain('and now?');
    expect(await person.tmux('list-panes', '-s', '-t', '=claude-cc-bridge', '-F', '#{pane_current_command}')).toBe(
      'claude',
    );
  });

  test('tells of tools and of what the model could not answer, and takes the same prompt twice', async () => {
    await using person = await personsTerminal();
    await person.start();
    await using worker = await startChannelWorkerIn(person.env, '--channel', 'files', '--attach-only');
    await worker.idle();
    const tool = { tools: [{ name: 'Bash', input: { command: 'echo found', description: 'look' } }] };
    const prompt = script({ text: 'let me look', ...tool }, { text: 'done' });
    for (const id of ['1', '2']) {
      await ask(worker, id, prompt);
      expect(await answered(worker, id)).toMatchObject({ outcome: { result: { text: 'done', turns: 2 } } });
    }
    await ask(worker, '3', script({ error: { status: 400, type: 'invalid_request_error', message: 'no' } }));
    expect(await answered(worker, '3')).toMatchObject({ outcome: { kind: 'failed' } });
    await ask(worker, '4', 'x', { model: 'opus' });
    expect(await answered(worker, '4')).toMatchObject({
      outcome: { failure: { code: 'job.impossible', message: expect.stringContaining('model') as string } },
    });
  });

  test('fails a turn in which the person ends Claude Code, and goes on with the next one that is started', async () => {
    await using person = await personsTerminal();
    await person.start();
    await using worker = await startChannelWorkerIn(person.env, '--channel', 'files', '--attach-only');
    await worker.idle();
    person.model.queue({ hangMs: 600_000, text: 'never' });
    await ask(worker, '1', 'work');
    await person.model.seen(({ main }) => main);
    for (let i = 0; i < 2; i++) await person.tmux('send-keys', '-t', '=claude-cc-bridge:', 'C-c');
    await expect
      .poll(
        async () => {
          const [shown] = [
            await person.tmux('list-panes', '-s', '-t', '=claude-cc-bridge', '-F', '#{pane_current_command}'),
          ];
          if (shown === 'claude') await person.tmux('send-keys', '-t', '=claude-cc-bridge:', 'C-c');
          return shown;
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe('sh');
    expect(await answered(worker, '1')).toMatchObject({ outcome: { kind: 'failed' } });
    await person.tmux('send-keys', '-R', '-t', '=claude-cc-bridge:');
    await person.tmux('clear-history', '-t', '=claude-cc-bridge:');
    await person.start();
    await ask(worker, '2', 'and now?');
    expect(await answered(worker, '2')).toMatchObject({ outcome: { result: { text: 'ok: and now?' } } });
  });

  test('starts nothing: without a Claude Code in the session it says so, and exits with 69', async () => {
    await using person = await personsTerminal();
    for (const env of [person.env, { TMUX_TMPDIR: person.home }]) {
      await using worker = await startChannelWorkerIn(env, '--channel', 'fifo', '--attach-only');
      expect(await worker.exited).toBe(69);
      expect(worker.log()).toContain(
        'No Claude Code runs in a tmux session claude-cc-bridge. Start one: tmux new-session',
      );
    }
  });
});

test('--help tells of it', async () => {
  await using worker = await startChannelWorker('--channel', 'files', '--help');
  expect(await worker.exited).toBe(0);
  expect(worker.log()).toContain('--attach-only');
});
