// The real Claude Code, but for one thing: after the result "linger" nothing more of it is heard.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [claude, ...args] = process.argv.slice(2);
const child = spawn(claude, args, { stdio: ['inherit', 'pipe', 'inherit'] });
let lingers = false;
for await (const line of createInterface({ input: child.stdout })) {
  if (!lingers) process.stdout.write(`${line}\n`);
  lingers ||= line.includes('"type":"result"') && line.includes('"result":"linger"');
}
