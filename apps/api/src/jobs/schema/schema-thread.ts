import { parentPort } from 'node:worker_threads';
import type { JsonSchema } from '@remuda/domain';
import { schemaFaults } from '@remuda/engine';

// The program of the thread that `schema-check.ts` starts.
parentPort?.on('message', ({ schema, at }: { readonly schema: JsonSchema; readonly at: string }) => {
  parentPort?.postMessage(schemaFaults(schema, at));
});
