import type { ServerTool } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { modelFaults, notOpen, wants, type Allowance, type Fault } from './allowance.js';
import { blockFaults, messageFaults } from './block-check.js';
import { toolFaults } from './tool-check.js';

/** A parsed request body that contains only what its job may ask for. */
export type MessagesRequest = Readonly<Record<string, unknown>> & { readonly model: string };

/** Fields that only shape the answer, including those that Claude Code 2.1.197 and 2.1.332 send. */
const plain = new Set([
  ...['model', 'messages', 'system', 'tools', 'tool_choice', 'metadata', 'max_tokens', 'stream', 'stop_sequences'],
  ...['thinking', 'temperature', 'top_p', 'top_k', 'context_management', 'output_config', 'output_format'],
  ...['cache_control', 'diagnostics', 'fallbacks', 'speed', 'service_tier'],
]);

/** Fields that use server-side features, and the `serverTools` that allow them. */
const opened: ReadonlyMap<string, ServerTool> = new Map([
  ['mcp_servers', 'mcp'],
  ['container', 'code_execution'],
]);

/** Fields for which a job may use only some values. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  speed: ['standard', 'fast', null],
  service_tier: ['auto', 'standard_only', null],
};

/** The first reason why a request may not be sent to the model, if any. Nothing of a faulty request is passed on. */
export function requestFault(body: unknown, allowance: Allowance): Fault | undefined {
  return allFaults(body, allowance).next().value ?? undefined;
}

function* allFaults(body: unknown, allowance: Allowance): Generator<Fault, undefined> {
  if (!isRecord(body)) {
    yield notOpen('a body that is not a JSON object');
    return;
  }
  for (const [field, value] of Object.entries(body)) yield* fieldFaults(field, value, allowance);
  yield* modelFaults(body['model'], allowance, 'model');
  yield* fallbackFaults(body['fallbacks'], allowance);
  yield* toolFaults(body['tools'], allowance);
  yield* blockFaults(body['system'], allowance);
  yield* messageFaults(body['messages'], allowance);
}

function* fieldFaults(field: string, value: unknown, allowance: Allowance): Generator<Fault> {
  const opener = opened.get(field);
  if (opener !== undefined && !allowance.serverTools.includes(opener)) yield wants(opener, `the field \`${field}\``);
  else if (opener === undefined && !plain.has(field) && !allowance.fields.includes(field))
    yield notOpen(`the field \`${field.slice(0, 100)}\``);
  else if (Object.hasOwn(values, field) && !values[field]?.includes(value))
    yield notOpen(`the field \`${field}\` with the value ${JSON.stringify(value).slice(0, 100)}`);
  else if (field === 'max_tokens' && !(Number.isSafeInteger(value) && (value as number) > 0))
    yield notOpen('a `max_tokens` that is not a number of tokens');
}

/** Fallback models for a declined request: only allowed ones, without settings of their own. */
function* fallbackFaults(fallbacks: unknown, allowance: Allowance): Generator<Fault> {
  if (fallbacks === undefined) return;
  if (!Array.isArray(fallbacks)) yield notOpen('`fallbacks` that are not a list');
  else
    for (const each of fallbacks as readonly unknown[])
      if (!isRecord(each) || Object.keys(each).join() !== 'model')
        yield notOpen('`fallbacks` with more than a `model`');
      else yield* modelFaults(each['model'], allowance, 'fallbacks[].model');
}
