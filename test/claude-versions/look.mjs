/* global process */
// What a version of Claude Code offers and says by itself: its tools, and the messages of one session by their shapes.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { script, startScriptedModel } from '../scripted-model/dist/index.js';

/** A session that has a bit of everything: text, tools that succeed and fail, a list of things to do, a subagent. */
const session = script(
  { text: 'First a look.', tools: [{ name: 'Bash', input: { command: 'echo hi', description: 'say hi' } }] },
  { thinking: 'What else?', tools: [{ name: 'Read', input: { file_path: '/nowhere/at-all' } }] },
  { tools: [{ name: 'NoSuchTool', input: {} }] },
  { tools: [{ name: 'TaskCreate', input: { subject: 'a', description: 'b', activeForm: 'c' } }] },
  { tools: [{ name: 'Agent', input: { description: 'x', prompt: 'say x', subagent_type: 'general-purpose' } }] },
  { text: 'Done.' },
);

/**
 * @typedef {object} Look
 * @property {ReadonlySet<string>} tools
 * @property {ReadonlyMap<string, ReadonlySet<string>>} messages the fields of each kind of message, `system/init` or `result/success`
 */

/**
 * Runs one session with it.
 *
 * @param {string} claude path of the program
 * @returns {Promise<Look>}
 */
export async function look(claude) {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-look-'));
  const model = await startScriptedModel();
  try {
    const args = ['-p', session, '--output-format', 'stream-json', '--verbose', '--include-partial-messages'];
    const child = spawn(claude, [...args, '--permission-mode', 'bypassPermissions'], {
      cwd: folder,
      env: {
        ...{ PATH: process.env.PATH, HOME: folder, IS_SANDBOX: '1', DISABLE_AUTOUPDATER: '1' },
        ...{
          ANTHROPIC_BASE_URL: model.url,
          ANTHROPIC_API_KEY: 'nobody',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        },
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const tools = new Set();
    const messages = new Map();
    for await (const line of createInterface({ input: child.stdout })) note(JSON.parse(line), tools, messages);
    return { tools, messages };
  } finally {
    await model.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * @param {Readonly<Record<string, any>>} message
 * @param {Set<string>} tools
 * @param {Map<string, Set<string>>} messages
 */
function note(message, tools, messages) {
  const kind = [message.type, message.subtype ?? message.event?.type].filter(Boolean).join('/');
  if (kind === 'system/init') for (const tool of message.tools) tools.add(tool);
  const fields = messages.get(kind) ?? new Set();
  messages.set(kind, fields);
  for (const field of Object.keys(message)) fields.add(field);
  if (message.type !== 'assistant' && message.type !== 'user') return;
  for (const block of Array.isArray(message.message.content) ? message.message.content : [])
    for (const field of Object.keys(block)) fields.add(`${block.type}.${field}`);
}

/**
 * What differs, a line each: `+` is new, `-` is gone.
 *
 * @param {Look} before
 * @param {Look} after
 * @returns {readonly string[]}
 */
export function differences(before, after) {
  const kinds = [...new Set([...before.messages.keys(), ...after.messages.keys()])].sort();
  return [
    ...changes('tool', before.tools, after.tools),
    ...changes('message', new Set(before.messages.keys()), new Set(after.messages.keys())),
    ...kinds.flatMap((kind) => {
      const [old, now] = [before.messages.get(kind), after.messages.get(kind)];
      return old === undefined || now === undefined ? [] : changes(`field of ${kind}:`, old, now);
    }),
  ];
}

/**
 * @param {string} what
 * @param {ReadonlySet<string>} before
 * @param {ReadonlySet<string>} after
 */
function changes(what, before, after) {
  return [
    ...[...after].filter((each) => !before.has(each)).map((each) => `+ ${what} ${each}`),
    ...[...before].filter((each) => !after.has(each)).map((each) => `- ${what} ${each}`),
  ].sort();
}
