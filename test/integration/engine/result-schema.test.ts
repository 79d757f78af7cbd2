import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { script, type Step } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sized } from '../../proof-size.js';
import { reported, written } from '../../schemas/index.js';
import { dataOf, warmStable, type Stabled } from './stable.js';
import { mainVersion } from './versions.js';

const given = (input: unknown): Step => ({
  tools: [{ name: 'StructuredOutput', input: input as Record<string, unknown> }],
});

/** Of what libraries write, what Claude Code was not content with, and a few that it was. */
const telling = written.filter(({ name }) =>
  /^(zod: (date|multiple|tuple|root lit)|zod-to.*(several|for Open)|TypeBox 0.34: (tuple|rec|mod)|pydantic: (disc|recursive|IP|root date))/.test(
    name,
  ),
);

const cases = sized({ small: reported, whole: [...reported, ...telling] });

describe(`a job with a schema, by Claude Code ${mainVersion.version}`, () => {
  let one: Stabled;
  beforeAll(async () => {
    one = await warmStable();
  });
  afterEach(() => {
    one.model.reset();
  });
  afterAll(() => one[Symbol.asyncDispose]());

  /** The input of the tool, as the model was shown it. */
  const shown = (): Readonly<Record<string, unknown>> => {
    const tools = (one.model.lastMain?.tools ?? []) as readonly {
      name: string;
      input_schema: Record<string, unknown>;
    }[];
    return tools.find((tool) => tool.name === 'StructuredOutput')?.input_schema ?? {};
  };

  it.each(cases)('succeeds with its value: $name', async ({ schema: outputSchema, value }) => {
    const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
    const { end } = await one.run(script(given(isPlain ? value : { result: value }), given({ result: value })), {
      outputSchema,
    });
    expect(end).toMatchObject({ kind: 'succeeded', result: { structured: value } });
    expect(shown()).toMatchObject({ type: 'object' });
  });

  it('is told where a result does not fit the whole schema, and may give another', async () => {
    const outputSchema = { type: 'object', properties: { on: { type: 'string', format: 'date' } }, required: ['on'] };
    const { end, events } = await one.run(script(given({ on: 'Monday' }), given({ on: '2025-01-06' })), {
      outputSchema,
    });
    expect(end).toMatchObject({ kind: 'succeeded', result: { structured: { on: '2025-01-06' }, turns: 2 } });
    expect(dataOf(events, 'tool.returned')[0]).toMatchObject({
      ok: false,
      output: expect.stringContaining('/on must match format'),
    });
  });

  it('fails when no result fits the whole schema', async () => {
    const outputSchema = { type: 'array', items: { type: 'string', format: 'date' } };
    const { end } = await one.run(script(given({ result: ['Monday'] })), { outputSchema });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'result.schema_mismatch' } });
  });

  it('ends before the model is asked when Claude Code does not offer the tool for results', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remuda-choosy-'));
    const choosy = join(folder, 'claude');
    const program = fileURLToPath(new URL('choosy.mjs', import.meta.url));
    await writeFile(choosy, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${mainVersion.claude}' "$@"\n`, {
      mode: 0o755,
    });
    await using other = await warmStable({ claude: choosy });
    const { end } = await other.run(script({ text: 'x' }), { outputSchema: { type: 'object' } });
    expect(end).toMatchObject({ kind: 'failed', failure: { code: 'result.schema_refused' } });
    expect(other.model.requests.filter(({ kind }) => kind === 'messages')).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('may give its result with the last turn that it has', async () => {
    const outputSchema = { type: 'object', properties: { a: { type: 'integer' } } };
    const { end } = await one.run(script(given({ a: 1 })), { outputSchema, maxTurns: 1 });
    expect(end).toMatchObject({ kind: 'succeeded', result: { structured: { a: 1 }, turns: 1 } });
  });
});
