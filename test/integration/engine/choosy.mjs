// The real Claude Code, but for one thing: it takes no schema that we give it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [claude, ...args] = process.argv.slice(2);
const child = spawn(claude, args, { stdio: ['pipe', 'inherit', 'inherit'] });
for await (const line of createInterface({ input: process.stdin })) child.stdin.write(`${spoilt(line)}\n`);
child.stdin.end();

/** With a keyword that it does not know, in the schema of an `initialize`. */
function spoilt(line) {
  const message = JSON.parse(line);
  if (message.request?.jsonSchema) message.request.jsonSchema['x-new'] = true;
  return JSON.stringify(message);
}
