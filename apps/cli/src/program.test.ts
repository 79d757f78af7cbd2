import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from './program.js';

/** Runs a command line that ends before it asks the api. */
async function printed(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const output = { write: (part: string) => (text += part) };
  const around = { env: {}, cwd: '/', stdout: output, stderr: output, leaving: new AbortController().signal };
  const code = await runCommand(args, around, process.stdin);
  return { code, text };
}

const commandsIn = (help: string): readonly string[] =>
  [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '').filter((name) => name !== 'help');

test('docs/command.md has every command and every option', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/command.md'), 'utf8');
  const commands = commandsIn((await printed('--help')).text);
  expect(commands).toEqual(expect.arrayContaining(['run', 'submit', 'batch', 'up']));
  for (const command of commands) {
    expect(page).toContain(`\`remuda ${command}`);
    const { text } = await printed(command, '--help');
    for (const [, option] of text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm))
      if (option !== '--help') expect(page, `${command} ${option ?? ''}`).toContain(option ?? '');
  }
});

test('wrong use is told with how it is right, and has an exit code of its own', async () => {
  expect(await printed('fly')).toEqual({ code: 2, text: expect.stringContaining("unknown command 'fly'") as string });
  expect(await printed('run', '--budget', 'much', 'x')).toEqual({
    code: 2,
    text: expect.stringContaining('It must be a number.') as string,
  });
  expect((await printed('--help')).code).toBe(0);
});
