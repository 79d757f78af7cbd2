import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeReports, encodeReport, joinReports, type WorkerReport } from './worker-stream.js';

const outcome: WorkerReport = {
  kind: 'outcome',
  job: 'j-1',
  lease: 1,
  outcome: { kind: 'failed', failure: { code: 'engine.crashed', message: 'x' } },
};

test.each<WorkerReport>([
  outcome,
  { kind: 'heartbeat', phase: 'idle', rssMb: 60, claudeVersion: '2.1.332' },
  { kind: 'phase', phase: 'idle', job: 'j-1', lease: 2 },
  { kind: 'started', job: 'j-1', lease: 1, at: 5 },
  { kind: 'events', job: 'j-1', lease: 1, events: [{ type: 'message.text', at: 1, data: { text: 'a' } }] },
])('a report comes back as it went: %j', (report) => {
  expect(decodeReports(joinReports([report, report].map(encodeReport)))).toEqual([report, report]);
});

test.each(['', 'null', '{}', '[{]'])('an entry that is no list is refused: %s', (text) => {
  expect(decodeReports(text)).toEqual([undefined]);
});

test.each([
  'null',
  '[]',
  '{"kind":"outcome","job":"j","lease":1}',
  '{"kind":"outcome","job":"j","lease":"1","outcome":{"kind":"cancelled"}}',
  '{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"succeeded"}}',
  '{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"failed","failure":{"code":"no.such","message":""}}}',
  '{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"failed","failure":{"code":"redis.full","message":""}}}',
  '{"kind":"phase","phase":"king"}',
  '{"kind":"phase","phase":"idle","grant":"bridge:*"}',
  '{"kind":"events","job":"j","lease":1,"events":[{"type":"job.over","at":1,"data":{}}]}',
  '{"kind":"events","job":"j","lease":1,"events":[{"type":"stream.gap","at":1,"data":{}}]}',
  '{"kind":"events","job":"j","lease":1,"events":[{"type":"a.b\\n","at":1,"data":{}}]}',
])('what a worker may not say is refused: %s', (text) => {
  expect(decodeReports(`[${text}]`)).toEqual([undefined]);
});

const failed = (failure: string): string =>
  `{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"failed","failure":${failure}}}`;
const result = (own: string): string =>
  `{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"succeeded","result":{"text":"","turns":1,"costUsd":0,"usage":{"inputTokens":0,"outputTokens":0,"cacheReadTokens":0,"cacheWriteTokens":0}${own}}}}`;
const event = (type: string, data: string, at = '1'): string =>
  `{"kind":"events","job":"j","lease":1,"events":[{"type":"${type}","at":${at},"data":${data}}]}`;
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

test.each([
  ['lines that are a text', failed('{"code":"engine.crashed","message":"x","lastLines":"x"}')],
  ['lines that are numbers', failed('{"code":"engine.crashed","message":"x","lastLines":[1]}')],
  ['an endless point in time', failed('{"code":"model.limit_reached","message":"x","resetAt":1e999}')],
  ['warnings that are none', result(',"warnings":{}')],
  ['a proof that is none', result(',"ended":{"by":"magic","processesLeft":0,"ms":1}')],
  ['commits that are none', result(',"git":{"branch":"b","base":"b","head":"h","commits":[null]}')],
  ['a result that is nested too deep', result(`,"structured":${deep(9_000)}`)],
  ['a negative number of tokens', result('').replace('"inputTokens":0', '"inputTokens":-1')],
  ['no number of turns', result('').replace('"turns":1,', '')],
  ['an event without data', event('message.text', '{}')],
  ['an event with a text that is none', event('message.delta', '{"text":{"slice":1}}')],
  ['an event that is nested too deep', event('tool.called', `{"id":"","name":"","input":${deep(9_000)}}`)],
  ['an event that nobody knows', event('message.sung', '{}')],
  ['an event named like what every object has', event('constructor', '{}')],
  ['an event at no time', event('message.text', '{"text":""}', '1e999')],
  ['a job that names another key', event('message.text', '{"text":""}').replace('"j"', '"j:events"')],
  ['a worker without end', '{"kind":"heartbeat","phase":"idle","rssMb":1e999}'],
  ['a lease that is no number', '{"kind":"phase","phase":"idle","job":"j","lease":"1"}'],
  ['a start at no time', '{"kind":"started","job":"j","lease":1,"at":-1}'],
])('a report with %s is refused', (_, text) => {
  expect(decodeReports(`[${text}]`)).toEqual([undefined]);
});

test('of events that were told together those that are none are left out, and counted', () => {
  const text = event('message.text', '{"text":"a"}').replace('"events":[', '"events":[{"type":"message.text","at":1},');
  expect(decodeReports(`[${text}]`)).toEqual([
    { kind: 'events', job: 'j', lease: 1, events: [{ type: 'message.text', at: 1, data: { text: 'a' } }], refused: 1 },
  ]);
});

test('what a report has besides its fields is left out, and long texts of a failure are cut', () => {
  const text = failed(
    `{"code":"engine.crashed","message":"${'x'.repeat(20_000)}","lastLines":["${'y'.repeat(3_000)}"],"toJSON":1,"__proto__":{"z":1}}`,
  );
  const [read] = decodeReports(`[${text}]`);
  if (read?.kind !== 'outcome' || read.outcome.kind !== 'failed') throw new Error('no outcome');
  expect(Object.keys(read.outcome.failure)).toEqual(['code', 'message', 'lastLines']);
  expect(read.outcome.failure.message).toHaveLength(16_000);
  expect(read.outcome.failure.lastLines?.[0]).toHaveLength(2_000);
});

const whole: readonly WorkerReport[] = [
  outcome,
  { kind: 'heartbeat', phase: 'busy', rssMb: 60, job: 'j-1', lease: 1 },
  { kind: 'heartbeat', phase: 'busy', rssMb: 60, session: 's-1' },
  { kind: 'started', job: 'j-1', lease: 1, at: 5 },
  {
    kind: 'events',
    job: 'j-1',
    lease: 1,
    events: [
      { type: 'message.text', at: 1, data: { text: 'a' } },
      { type: 'tool.called', at: 1, data: { id: 't', name: 'Bash', input: { command: ['x'] } } },
      { type: 'attempt.ended', at: 1, data: { by: 'kill', processesLeft: 0, ms: 3 } },
    ],
  },
];

/** The value with what stands at a place of it, counted in its depth, replaced. */
function damage(value: unknown, at: number, instead: unknown): unknown {
  let place = 0;
  return JSON.parse(JSON.stringify(value, (_, own: unknown) => (place++ === at ? instead : own))) as unknown;
}

test('whatever is said, reading it does not throw, and what is read can be written and is read the same again', () => {
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.nat(30), fc.jsonValue(), (report, at, instead) => {
      const said = [damage(report, at, instead), report];
      const read = decodeReports(JSON.stringify(said));
      const understood = read.filter((report) => report !== undefined && report.kind !== 'incompatible');
      const again = decodeReports(joinReports(understood.map(encodeReport)));
      expect(read).toHaveLength(said.length);
      expect(again).toEqual(understood.map((report) => without(report, 'refused')));
    }),
  );
});

function without(report: WorkerReport, field: string): unknown {
  return Object.fromEntries(Object.entries(report).filter(([name]) => name !== field));
}

test('of a report whose format is not understood only that is read, whatever else it holds', () => {
  const known = { own: 3, oldest: 2 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.jsonValue(), (v, rest) => {
      const text = `[${JSON.stringify({ rest, ...outcome, v })}]`;
      const [read] = decodeReports(text, known);
      expect(read).toEqual(v === 2 || v === 3 ? outcome : { kind: 'incompatible', format: v });
    }),
  );
  expect(decodeReports('[{"v":7,"kind":"hello"}]')).toEqual([{ kind: 'incompatible', format: 7 }]);
  expect(decodeReports('[{"v":"7","kind":"cancelled"}]')).toEqual([undefined]);
});

test('what a worker says of itself in an older format is read, and says so; it can not say so itself', () => {
  const heartbeat = { kind: 'heartbeat', phase: 'idle', rssMb: 1 } as const;
  const text = `[${encodeReport(heartbeat)}]`;
  expect(decodeReports(text, { own: 2, oldest: 1 })).toEqual([{ ...heartbeat, format: 1 }]);
  expect(decodeReports(text)).toEqual([heartbeat]);
  expect(decodeReports('[{"kind":"heartbeat","phase":"idle","rssMb":1,"format":9}]')).toEqual([heartbeat]);
});
