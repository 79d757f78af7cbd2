import { execFile, execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../e2e/harness/cluster.js';
import type { EventType } from '@remuda/domain';
import { codeBlocks, readDocument, sections, tableRows } from './document.js';

const withTools = ['bash', 'curl'].every(answers);

function answers(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A refusal ends the script. Without `pipefail`: `head` hangs up on curl, which then fails in its own way. */
const strict = 'set -eu\ncurl() { command curl --fail-with-body "$@"; }\n';

/** Runs a script as a person would who pastes it: what it printed, and its exit code. */
function paste(script: string): Promise<{ readonly printed: string; readonly code: unknown }> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', strict + script], { timeout: 55_000 }, (error, stdout, stderr) => {
      resolve({ printed: stdout + stderr, code: error?.code ?? 0 });
    });
  });
}

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({ runtime: 'process' });
});
afterAll(async () => {
  await cluster.stop();
});

describe.skipIf(!withTools)('the examples that are to be pasted', () => {
  test.each(['README.md', 'docs/api.md', 'docs/sessions.md'])(
    '%s: each works after the one before it',
    async (path) => {
      const examples = codeBlocks(readDocument(path), 'sh').join('\n');
      expect(examples).toContain('API=http://127.0.0.1:7373');
      const { printed, code } = await paste(examples.replace('http://127.0.0.1:7373', cluster.apiUrl));
      expect(code, printed).toBe(0);
      expect(printed).toContain('event: job.over');
      expect(printed).toContain('"state":"succeeded"');
    },
  );
});

describe('docs/api.md', () => {
  const document = readDocument('docs/api.md');
  const chapters = sections(document, 2);

  /** What the API says of itself. */
  async function described(): Promise<OpenApi> {
    return (await (await fetch(`${cluster.apiUrl}/api/docs-json`)).json()) as OpenApi;
  }

  test('has every request that the API describes, the board, and no other', async () => {
    const { paths } = await described();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const told = tableRows(document).map(([request]) => request);
    expect(told.toSorted()).toEqual([...routes, 'GET /admin/queues'].toSorted());
  });

  test('has every field of a job and no other', async () => {
    const { components } = await described();
    const rows = tableRows(sections(chapters.get('Submit a job') ?? '', 3).get('The fields of a job') ?? '');
    const told = rows.flatMap(([field = '']) => field.replaceAll('`', '').split(', '));
    expect(told.toSorted()).toEqual(Object.keys(components.schemas['SubmitJob']?.properties ?? {}).toSorted());
  });

  test('has every event and no other', () => {
    const told = tableRows(chapters.get('Watch a job') ?? '').flatMap(([names = '']) =>
      names.replaceAll('`', '').split(', '),
    );
    expect(told.toSorted()).toEqual(Object.keys(eventTypes).toSorted());
  });
});

/** An OpenAPI document, as far as it is looked at. */
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

/** The names of events; the compiler holds this list to the type. */
const eventTypes: Readonly<Record<EventType, true>> = {
  'job.queued': true,
  'job.assigned': true,
  'job.cancel_requested': true,
  'job.requeued': true,
  'job.redriven': true,
  'job.over': true,
  'attempt.resumed': true,
  'attempt.restarted': true,
  'attempt.warned': true,
  'attempt.looping': true,
  'egress.refused': true,
  'attempt.ended': true,
  'workspace.prepared': true,
  'prepare.started': true,
  'prepare.ended': true,
  'workspace.collected': true,
  'workspace.pushed': true,
  'session.started': true,
  'message.delta': true,
  'message.text': true,
  'message.thinking': true,
  'tool.called': true,
  'tool.returned': true,
  'tool.denied': true,
  'model.retried': true,
  'turn.steered': true,
  'turn.ended': true,
  'stream.gap': true,
};
