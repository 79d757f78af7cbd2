import type { ServerTool } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { modelFaults, notOpen, wants, type Allowance, type Fault } from './allowance.js';

/** Types of tools that Claude Code runs itself, or that only search tools: they reach nothing. */
const harmless = /^(custom|(bash|text_editor|computer|memory)_\d{8}|tool_search_tool_(regex|bm25)(_\d{8})?)$/;

/** Types of server-side tools, and the `serverTools` that allow them. */
const carriedOut: readonly (readonly [RegExp, ServerTool])[] = [
  [/^web_search_\d{8}$/, 'web_search'],
  [/^web_fetch_\d{8}$/, 'web_fetch'],
  [/^code_execution_\d{8}$/, 'code_execution'],
  [/^advisor_\d{8}$/, 'advisor'],
  [/^mcp_toolset$/, 'mcp'],
];

/** The faults of a list of tools. The type alone says who runs a tool, so nothing else is checked. */
export function* toolFaults(tools: unknown, allowance: Allowance): Generator<Fault> {
  if (tools === undefined) return;
  if (!Array.isArray(tools)) yield notOpen('`tools` that are not a list');
  else for (const tool of tools as readonly unknown[]) yield* oneToolFaults(tool, allowance);
}

/** The faults of one tool. */
export function* oneToolFaults(tool: unknown, allowance: Allowance): Generator<Fault> {
  if (!isRecord(tool)) {
    yield notOpen('a tool that is not an object');
    return;
  }
  const type = tool['type'] ?? 'custom';
  if (typeof type !== 'string') {
    yield notOpen('a tool with a type that is not a string');
    return;
  }
  if (harmless.test(type)) return;
  const opener = carriedOut.find(([shape]) => shape.test(type))?.[1];
  if (opener === undefined) yield notOpen(`a tool of the type ${JSON.stringify(type.slice(0, 100))}`);
  else if (!allowance.serverTools.includes(opener)) yield wants(opener, `a tool of the type \`${type}\``);
  else if (opener === 'advisor') yield* modelFaults(tool['model'], allowance, 'tools[].model');
}
