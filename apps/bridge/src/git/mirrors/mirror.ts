import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCommitId, RemudaError, type Clock, type GitUrlRules } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../../metrics.js';
import { configVariables } from '../config-variables.js';
import { git, type GitRun } from '../git.js';
import { isBroken } from '../git-trouble.js';
import { reach, type Reach, type Resolve } from '../reach.js';
import { isRedirected, movedTo } from '../redirect.js';
import { defaultBranch, everyBranchAndTag, mirrorName, ownRefspec } from '../repository.js';
import { Turns } from '../turns.js';

/** Dependencies of mirrors. */
export interface MirrorParts {
  /** Folder of all mirrors. */
  readonly folder: string;
  readonly run: GitRun;
  readonly rules: GitUrlRules;
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly metrics: Pick<BridgeMetrics, 'gitFetches' | 'gitFetchSeconds'>;
  readonly log: Logger;
}

/** Maximum number of redirects. */
const maxMoves = 3;

/** The bare mirror of one repository; a fetch at claim time transfers only what is new. One fetch at a time. */
export class Mirror {
  readonly folder: string;
  private readonly fetches = new Turns((signal) => this.inLine(() => this.fetchAll(signal)));
  private line: Promise<unknown> = Promise.resolve();
  private head: string | undefined;
  private suspect = false;

  constructor(
    private readonly url: string,
    private readonly parts: MirrorParts,
  ) {
    this.folder = join(parts.folder, mirrorName(url));
  }

  /**
   * Updates the mirror to the repository's state at the time of the call; stops if the signal aborts and nobody else
   * waits. Rejects with git's reason: `workspace.failed`, or `workspace.unavailable` for a transient fault.
   */
  async refresh(ref: string | undefined, signal: AbortSignal): Promise<void> {
    const way = await this.fetches.take(signal);
    const refspec = ref === undefined ? undefined : ownRefspec(ref);
    if (ref === undefined || refspec === undefined || (isCommitId(ref) && (await this.has(ref, signal)))) return;
    await this.inLine(() => this.fetch([refspec], way, signal));
  }

  /** A transfer from the mirror broke off: it is rebuilt before the next fetch. */
  doubt(): void {
    this.suspect = true;
  }

  private async fetchAll(signal: AbortSignal): Promise<Reach> {
    const { clock, metrics } = this.parts;
    const begun = clock.monotonic();
    try {
      const way = await this.follow(await this.look(this.url), signal, maxMoves);
      metrics.gitFetches.inc({ outcome: 'ok' });
      return way;
    } catch (error) {
      metrics.gitFetches.inc({ outcome: 'failed' });
      throw error;
    } finally {
      metrics.gitFetchSeconds.observe((clock.monotonic() - begun) / 1000);
    }
  }

  private look(url: string): Promise<Reach> {
    const { rules, resolve, run } = this.parts;
    return reach(url, rules, { resolve, sshCommand: run.env['GIT_SSH_COMMAND'] ?? 'ssh' });
  }

  /** Fetches, and follows a redirect of the repository if the new address may be reached as well. */
  private async follow(way: Reach, signal: AbortSignal, moves: number): Promise<Reach> {
    try {
      await this.bring(way, signal);
      return way;
    } catch (error) {
      if (moves === 0 || !isRedirected(wordsOf(error))) throw error;
      const next = await movedTo(way, signal).catch(() => undefined);
      if (next === undefined) throw error;
      return this.follow(await this.look(next), signal, moves - 1);
    }
  }

  /** Fetches everything; a corrupt mirror is set aside, once, and rebuilt. */
  private async bring(way: Reach, signal: AbortSignal): Promise<void> {
    if (this.suspect) await this.setAside('a transfer from it broke off');
    const old = existsSync(this.folder);
    try {
      await this.bringInto(way, signal);
    } catch (error) {
      if (!old || !isBroken(wordsOf(error))) throw error;
      await this.setAside(wordsOf(error));
      await this.bringInto(way, signal);
    }
  }

  private async bringInto(way: Reach, signal: AbortSignal): Promise<void> {
    if (!existsSync(join(this.folder, 'HEAD'))) await this.create(way, signal);
    const [listing] = await together([
      this.git(way, signal, 'ls-remote', '--symref', 'origin', 'HEAD'),
      this.fetch(everyBranchAndTag, way, signal),
    ]);
    const head = defaultBranch(listing ?? '');
    if (head && head !== this.head) await this.git(way, signal, 'symbolic-ref', 'HEAD', head);
    this.head = head;
    this.tidy(way);
  }

  private async create(way: Reach, signal: AbortSignal): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    await this.git(way, signal, 'init', '--bare', '--quiet', '--template=');
  }

  private async setAside(reason: string): Promise<void> {
    this.parts.log.warn({ reason }, 'a mirror is broken and will be rebuilt');
    await removeFolder(this.folder);
    this.head = undefined;
    this.suspect = false;
  }

  private fetch(refspecs: readonly string[], way: Reach, signal: AbortSignal): Promise<string> {
    const how = ['--quiet', '--progress', '--prune', '--force', '--no-tags', '--no-write-fetch-head'];
    return this.git(way, signal, 'fetch', ...how, 'origin', ...refspecs);
  }

  /** Repacks the mirror once many fetches have accumulated; nobody waits for it. */
  private tidy(way: Reach): void {
    this.git(way, new AbortController().signal, 'gc', '--auto').catch(() => undefined);
  }

  /** Whether a commit is in the mirror as it is now. */
  has(commit: string, signal: AbortSignal): Promise<boolean> {
    return this.here(signal, 'cat-file', '-e', `${commit}^{commit}`).then(
      () => true,
      () => false,
    );
  }

  /** The repository's default branch as the mirror has it; undefined if it is not known. */
  defaultBranch(signal: AbortSignal): Promise<string | undefined> {
    return this.here(signal, 'symbolic-ref', '--quiet', 'HEAD').then(
      (said) => said.trim() || undefined,
      () => undefined,
    );
  }

  /** Runs git without the repository. */
  private here(signal: AbortSignal, ...args: readonly string[]): Promise<string> {
    const { run } = this.parts;
    return git(this.folder, args, { ...run, signal: AbortSignal.any([run.signal, signal]) });
  }

  /** The URL is passed in the environment, so that it appears in no process list and no file. */
  private git(way: Reach, signal: AbortSignal, ...args: readonly string[]): Promise<string> {
    const { run } = this.parts;
    const config = configVariables({ 'remote.origin.url': way.url, ...way.config });
    const env = { ...run.env, ...way.env, ...config };
    return git(this.folder, args, { ...run, env, signal: AbortSignal.any([run.signal, signal]) });
  }

  private inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.line.then(work, work);
    this.line = turn;
    return turn;
  }
}

/** Git's full output, if git itself failed. */
function wordsOf(error: unknown): string {
  return error instanceof RemudaError ? (error.extra.lastLines ?? []).join(' ') : '';
}

/** Settles only when all its work has stopped: the next one uses the same folder. */
async function together<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  const ends = await Promise.allSettled(works);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** Name of a mirror that is being removed. */
export const goneMark = '.gone-';

/** Renames a folder at once, then deletes it. */
export async function removeFolder(folder: string): Promise<void> {
  const gone = `${folder}${goneMark}${randomUUID()}`;
  await rename(folder, gone).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rm(gone, { recursive: true, force: true, maxRetries: 3 });
}
