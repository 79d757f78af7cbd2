import type { ServerTool } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { notOpen, wants, type Allowance, type Fault } from './allowance.js';
import { oneToolFaults } from './tool-check.js';

/** Types of blocks that are plain content. */
const plain = new Set([
  ...['text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking', 'search_result'],
  ...['tool_reference', 'tool_addition', 'tool_removal', 'mid_conv_system', 'compaction', 'fallback', 'connector_text'],
]);

/** Types of blocks from server-side tools, and the `serverTools` that allow them. */
const told: readonly (readonly [RegExp, ServerTool])[] = [
  [/^web_search(_|$)/, 'web_search'],
  [/^web_fetch(_|$)/, 'web_fetch'],
  [/^(bash_|text_editor_|encrypted_)?code_execution(_|$)/, 'code_execution'],
  [/^advisor(_|$)/, 'advisor'],
  [/^mcp_tool_(use|result)$/, 'mcp'],
  [/^container_upload$/, 'files'],
];

/** Sources of images and documents, and the `serverTools` for those outside the request. */
const sources: ReadonlyMap<unknown, ServerTool | undefined> = new Map([
  ...['base64', 'text', 'content'].map((type) => [type, undefined] as const),
  ['url', 'urls' as const],
  ['file', 'files' as const],
]);

/** Parts of a block that contain no block and no source: they are passed on unchanged. */
const inert: ReadonlySet<string> = new Set(['input', 'cache_control', 'citations', 'caller', 'from', 'to']);
const inertInMessages: ReadonlySet<string> = new Set(['output_config']);
const nothing: ReadonlySet<string> = new Set();

/** The faults of messages, at any depth. */
export function* messageFaults(messages: unknown, allowance: Allowance): Generator<Fault> {
  if (messages === undefined) return;
  if (!Array.isArray(messages)) yield notOpen('`messages` that are not a list');
  else
    for (const message of messages as readonly unknown[]) {
      if (!isRecord(message)) yield notOpen('a message that is not an object');
      else yield* partFaults(message, inertInMessages, allowance);
    }
}

/** The faults of a text, a list of blocks, or one block. */
export function* blockFaults(content: unknown, allowance: Allowance): Generator<Fault> {
  if (!isObject(content)) return;
  for (const block of Array.isArray(content) ? (content as readonly unknown[]) : [content]) {
    if (!isRecord(block)) yield notOpen('a content block that is not an object');
    else {
      yield* typeFaults(block, allowance);
      yield* partFaults(block, inert, allowance);
    }
  }
}

function* typeFaults(block: Readonly<Record<string, unknown>>, allowance: Allowance): Generator<Fault> {
  const { type } = block;
  if (typeof type === 'string' && plain.has(type)) return;
  // A call is identified by the name of the called tool.
  const about = type === 'server_tool_use' ? block['name'] : type;
  if (typeof about === 'string' && /^tool_search_tool_/.test(about)) return;
  const opener = typeof about === 'string' ? told.find(([shape]) => shape.test(about))?.[1] : undefined;
  if (opener === undefined) yield notOpen(`a content block of the type ${JSON.stringify(about ?? null).slice(0, 100)}`);
  else if (!allowance.serverTools.includes(opener))
    yield wants(opener, `a content block of the type \`${String(type)}\``);
}

/** Every object within a block must be of a known kind: an unknown one might contain a URL. */
function* partFaults(
  part: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  allowance: Allowance,
): Generator<Fault> {
  for (const [key, value] of Object.entries(part)) {
    if (!isObject(value) || known.has(key)) continue;
    if (key === 'content') yield* blockFaults(value, allowance);
    else if (key === 'source') yield* sourceFaults(value, allowance);
    else if (key === 'tool') yield* changedToolFaults(value, allowance);
    else yield notOpen(`the part \`${key.slice(0, 100)}\` of a message`);
  }
}

function* sourceFaults(source: unknown, allowance: Allowance): Generator<Fault> {
  if (!isRecord(source) || !sources.has(source['type'])) {
    yield notOpen('an image or document source of an unknown type');
    return;
  }
  const opener = sources.get(source['type']);
  if (opener !== undefined && !allowance.serverTools.includes(opener))
    yield wants(opener, `a source of the type \`${String(source['type'])}\``);
  yield* partFaults(source, nothing, allowance);
}

/** A tool that is added or removed during a conversation: by name, or defined as in `tools`. */
function* changedToolFaults(tool: unknown, allowance: Allowance): Generator<Fault> {
  const { type, definition } = isRecord(tool) ? tool : {};
  if (type === 'tool_definition') yield* oneToolFaults(definition, allowance);
  else if (type !== 'tool_reference') yield notOpen('a tool that is neither defined nor named');
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
