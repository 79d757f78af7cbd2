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
  { kind: 'heartbeat', phase: 'idle', rssMb: 60 },
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
