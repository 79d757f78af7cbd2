// What the attacks share. They run as Claude's user in a worker's container, started by its Bash tool.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** What the test tells the attacker. */
export const told = JSON.parse(process.env.TOLD ?? '{}');

export const held = (evidence) => ({ held: true, evidence });
export const broken = (evidence) => ({ held: false, evidence });

/** Prints what an attack came to; the test reads these lines. */
export function say(id, verdict) {
  const evidence = String(verdict.evidence).replaceAll(/\s+/g, ' ').trim().slice(0, 160);
  console.log(`@@${JSON.stringify({ id, held: verdict.held, evidence })}`);
}

/**
 * Tries one thing. What it throws counts as a refusal when it has an error code of the system or of Redis; any other error
 * is a fault of the attack, which then has proved nothing.
 */
export async function attack(id, act) {
  try {
    say(id, await act());
  } catch (error) {
    if (error.code) say(id, held(`${error.code}: ${error.message}`));
    else say(id, broken(`the attack itself failed: ${error.stack}`));
  }
}

/** Tries several ways to the same end: held when each is refused. A way gives what it got, or throws. */
export async function every(id, ways) {
  const refusals = {};
  for (const [name, way] of Object.entries(ways)) {
    let code = 'nothing came';
    try {
      const got = await way();
      if (got !== undefined) return say(id, broken(`${name}: ${got}`));
    } catch (error) {
      if (!error.code) return say(id, broken(`${name}: the attack itself failed: ${error.stack}`));
      code = error.code;
    }
    (refusals[code] ??= []).push(name);
  }
  const few = Object.keys(ways).length <= 6;
  const told = Object.entries(refusals).map(([code, names]) => `${code} (${few ? names.join(', ') : names.length})`);
  say(id, held(few ? told.join(', ') : `${Object.keys(ways).length} ways, each refused: ${told.join(', ')}`));
}

/** Runs a program; its exit code and all that it printed. */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'latin1',
    timeout: 20_000,
    ...options,
  });
  return { status, text: `${stdout ?? ''}${stderr ?? ''}${error ? error.code : ''}`.trim() };
}

/** Gives the output of a program that should not have succeeded; throws with its words when it did not. */
export function wants(command, ...args) {
  const { status, text } = run(command, args);
  if (status === 0) return `${command} ${args.join(' ')} worked: ${text}`;
  throw Object.assign(new Error(text), { code: `exit ${status}` });
}

/** A system call that no program here makes, by number for x64 and arm64; gives its answer, or throws its error. */
export function call(numbers, ...args) {
  const number = numbers[process.arch === 'arm64' ? 1 : 0];
  // what perl hands to a system call has to be a variable
  const buffer = `my $b = "\\0" x 8; my $local = pack("QQ", unpack("Q", pack("p", $b)), 8);`;
  const script = `${buffer} my @a = (${args.join(', ')}); my $r = syscall(${number}, @a); print $r == -1 ? "-1 $!" : $r`;
  const { text } = run('perl', ['-e', script]);
  if (text.startsWith('-1')) throw Object.assign(new Error(text), { code: text.slice(3) });
  if (!/^\d+$/.test(text)) throw new Error(text);
  return `answered ${text}`;
}

/** Every process in sight. */
export function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), command: quiet(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')) ?? '' }))
    .map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ').trim() }));
}

/** The process of the worker. */
export const workerPid = () =>
  processes().find(({ command }) => /^\S*node \/opt\/remuda\/worker\.mjs/.test(command))?.pid;

/** The processes of Claude Code. */
export const claudePids = () => processes().flatMap(({ pid, command }) => (/^\S*claude -p/.test(command) ? [pid] : []));

export function quiet(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** The token of the job that this is part of, as the agent's shell was started with it. */
export function ownToken() {
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    const token = /x-remuda-token: ([^\0\n]+)/.exec(
      quiet(() => readFileSync(`/proc/${pid}/environ`, 'latin1')) ?? '',
    )?.[1];
    if (token) return token;
  }
  return undefined;
}

function parentOf(pid) {
  const stat = quiet(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? ') S 0';
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
