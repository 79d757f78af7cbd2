import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { WorkerPhase } from '@remuda/domain';
import { isRecord, parseJson, type WorkerLine, type WorkerReport } from '@remuda/protocol';

/** How long a worker may be silent before it counts as stuck: five heartbeats, in ms. */
const silentMs = 10_000;

/** What a worker says of itself. */
interface Status {
  readonly phase: WorkerPhase;
  readonly job?: string | undefined;
  readonly pid: number;
  readonly claudeVersion?: string | undefined;
  /** Epoch ms. */
  readonly at: number;
}

/** The worker's line, and beside it a file with its state: for health checks, and whoever looks into the folder. */
export function withStatus(line: WorkerLine, path: string, now: () => number): WorkerLine {
  let status: Status = { phase: 'starting', pid: process.pid, at: now() };
  let writing: Promise<void> = Promise.resolve();
  const write = (next: Partial<Status>): void => {
    status = { ...status, ...next, at: now() };
    const text = `${JSON.stringify(status)}\n`;
    writing = writing.then(() => replace(path, text)).catch(() => undefined);
  };
  write({});
  return {
    probe: () => line.probe(),
    open: (duties) => line.open(duties),
    stopTaking: () => line.stopTaking(),
    say: (report) => {
      write(told(report));
      return line.say(report);
    },
    tell: (...args) => line.tell(...args),
    sayStarted: (report, at) => {
      write({ phase: 'busy', job: report.job });
      line.sayStarted(report, at);
    },
    close: async () => {
      await line.close();
      await writing;
      await rm(path, { force: true });
    },
  };
}

function told(report: WorkerReport): Partial<Status> {
  if (report.kind === 'heartbeat') return { phase: report.phase, job: report.job, claudeVersion: report.claudeVersion };
  return report.kind === 'phase' ? { phase: report.phase, job: undefined } : {};
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

/** Reads what a worker says of itself, and whether it is well: it has said something of late, and takes prompts. */
export async function checkStatus(path: string, now: number): Promise<{ readonly ok: boolean; readonly what: string }> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { ok: false, what: `there is no worker: ${path} is missing` };
  const status = parseJson(text);
  if (!isRecord(status) || typeof status['at'] !== 'number')
    return { ok: false, what: `${path} has not been written by a worker` };
  const silent = now - status['at'];
  if (silent > silentMs)
    return { ok: false, what: `the worker has said nothing for ${String(Math.round(silent / 1_000))} s` };
  const ok = status['phase'] === 'idle' || status['phase'] === 'busy';
  return { ok, what: text.trim() };
}
