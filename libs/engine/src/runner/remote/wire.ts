import { isRecord } from '@remuda/protocol';
import type { Exit, SeenProcess } from '../runner.port.js';

/**
 * The protocol of a worker and its agent, over HTTP/2: the worker asks, the agent answers. A program has a number,
 * assigned by the worker, and four streams: first those of its input and its two outputs, then its start, whose answer
 * has its pid in a header and ends with its exit. Everything else is a question with a JSON body and a JSON answer.
 */
export const routes = {
  about: '/about',
  processes: '/processes',
  signal: '/signal',
  killUser: '/kill-user',
  exists: '/exists',
  realPath: '/real-path',
  oomKills: '/oom-kills',
  memory: '/memory',
} as const;

/** The parts of a program that can be requested. */
export type ProgramPart = 'stdin' | 'stdout' | 'stderr' | 'start' | 'signal';

export const programPath = (id: number, part: ProgramPart): string => `/programs/${String(id)}/${part}`;

/** Parses such a path; pure. */
export function readProgramPath(path: string): { readonly id: string; readonly part: ProgramPart } | undefined {
  const [, id, part] = /^\/programs\/(\d+)\/(stdin|stdout|stderr|start|signal)$/.exec(path) ?? [];
  return id === undefined ? undefined : { id, part: part as ProgramPart };
}

/** The header with a program's pid. */
export const pidHeader = 'remuda-pid';

/** Maximum size of a question, in bytes: a program's arguments and environment, which the kernel limits to less. */
export const maxQuestionBytes = 16 * 1024 * 1024;

/** HTTP/2 settings of both ends. The windows, of 64 KiB per stream, limit the unread data. */
export const sessionOptions = {
  settings: { enablePush: false, maxConcurrentStreams: 4_096 },
  /** In MB. */
  maxSessionMemory: 64,
} as const;

const whole = (value: unknown): value is number => Number.isSafeInteger(value);

const isPid = (value: unknown): value is number => whole(value) && value > 0 && value < 2 ** 31;

/** What an agent says about itself; undefined for anything else. Pure, like the others. */
export function readAbout(said: unknown): { readonly root: boolean; readonly alone: boolean } | undefined {
  if (!isRecord(said)) return undefined;
  const { root, alone } = said;
  return typeof root === 'boolean' && typeof alone === 'boolean' ? { root, alone } : undefined;
}

/** A pid from a header; undefined if there is none. */
export function readPid(header: unknown): number | undefined {
  const pid = typeof header === 'string' ? Number(header) : undefined;
  return isPid(pid) ? pid : undefined;
}

/** How a program ended; undefined for anything else. */
export function readExit(said: unknown): Exit | undefined {
  if (!isRecord(said)) return undefined;
  const { code, signal, fault } = said;
  if (typeof fault === 'string') return { fault: fault.slice(0, 400) };
  if (typeof signal === 'string' && /^SIG[A-Z0-9]{2,10}$/.test(signal)) return { signal };
  return whole(code) && code >= 0 && code < 256 ? { code } : undefined;
}

/** Processes; undefined if one of them has another shape. */
export function readProcesses(said: unknown): readonly SeenProcess[] | undefined {
  if (!Array.isArray(said)) return undefined;
  const found = said.flatMap((one: unknown) => (isProcess(one) ? [one] : []));
  return found.length === said.length ? found : undefined;
}

function isProcess(one: unknown): one is SeenProcess {
  if (!isRecord(one)) return false;
  const { pid, parent, startedAt, marked } = one;
  return isPid(pid) && whole(parent) && typeof startedAt === 'string' && typeof marked === 'boolean';
}

/** The single value of an answer, if it has the wanted type; otherwise undefined. */
export function readValue<T>(said: unknown, isOne: (value: unknown) => value is T): T | undefined {
  const value = isRecord(said) ? said['value'] : undefined;
  return isOne(value) ? value : undefined;
}

export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
