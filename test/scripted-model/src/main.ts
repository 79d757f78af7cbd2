#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startScriptedModel } from './server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    socket: { type: 'string' },
    'require-key': { type: 'string' },
    demo: { type: 'boolean', default: false },
  },
});

const model = await startScriptedModel({
  port: Number(values.port),
  host: values.host,
  demo: values.demo,
  ...(values.socket === undefined ? {} : { socket: values.socket }),
  ...(values['require-key'] === undefined ? {} : { requireKey: values['require-key'] }),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void model.close());
process.stdout.write(`${JSON.stringify({ url: model.url })}\n`);
