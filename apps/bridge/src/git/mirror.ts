import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@remuda/domain';
import type { BridgeMetrics } from '../metrics.js';
import { git, type GitRun } from './git.js';
import { defaultBranch, everyBranchAndTag, isCommitId, mirrorName, ownRefspec } from './repository.js';
import { Turns } from './turns.js';

/** What mirrors are made with. */
export interface MirrorParts {
  /** Folder of all mirrors. */
  readonly folder: string;
  readonly run: GitRun;
  readonly clock: Clock;
  readonly metrics: Pick<BridgeMetrics, 'gitFetches' | 'gitFetchSeconds'>;
}

/** The bare mirror of one repository; a fetch at claim brings only what is new. One fetch at a time. */
export class Mirror {
  readonly folder: string;
  private readonly fetches = new Turns(() => this.inLine(() => this.fetchAll()));
  private line: Promise<unknown> = Promise.resolve();
  private head: string | undefined;

  constructor(
    private readonly url: string,
    private readonly parts: MirrorParts,
  ) {
    this.folder = join(parts.folder, mirrorName(url));
  }

  /** Brings the mirror to what the repository holds at the time of the call. Rejects with `workspace.failed` and git's reason. */
  async refresh(ref: string | undefined): Promise<void> {
    await this.fetches.take();
    const refspec = ref === undefined ? undefined : ownRefspec(ref);
    if (ref === undefined || refspec === undefined || (isCommitId(ref) && (await this.holds(ref)))) return;
    await this.inLine(() => this.fetch([refspec]));
  }

  private async fetchAll(): Promise<void> {
    const { clock, metrics } = this.parts;
    const begun = clock.now();
    try {
      if (!existsSync(join(this.folder, 'HEAD'))) await this.create();
      const [listing] = await Promise.all([
        this.git('ls-remote', '--symref', 'origin', 'HEAD'),
        this.fetch(everyBranchAndTag),
      ]);
      const head = defaultBranch(listing);
      if (head && head !== this.head) await this.git('symbolic-ref', 'HEAD', head);
      this.head = head;
      this.tidy();
      metrics.gitFetches.inc({ outcome: 'ok' });
    } catch (error) {
      metrics.gitFetches.inc({ outcome: 'failed' });
      throw error;
    } finally {
      metrics.gitFetchSeconds.observe((clock.now() - begun) / 1000);
    }
  }

  private async create(): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    await this.git('init', '--bare', '--quiet', '--template=');
  }

  private async fetch(refspecs: readonly string[]): Promise<void> {
    await this.git(
      'fetch',
      '--quiet',
      '--prune',
      '--force',
      '--no-tags',
      '--no-write-fetch-head',
      'origin',
      ...refspecs,
    );
  }

  /** Packs what many fetches left behind, once there is enough of it; nobody waits for it. */
  private tidy(): void {
    this.git('gc', '--auto', '--quiet').catch(() => undefined);
  }

  private holds(commit: string): Promise<boolean> {
    return this.git('cat-file', '-e', `${commit}^{commit}`).then(
      () => true,
      () => false,
    );
  }

  /** The URL goes by the environment: it may hold a password, which is for no process list and no file. */
  private git(...args: readonly string[]): Promise<string> {
    const { run } = this.parts;
    const env = {
      ...run.env,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'remote.origin.url',
      GIT_CONFIG_VALUE_0: this.url,
    };
    return git(this.folder, args, { ...run, env });
  }

  private inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.line.then(work, work);
    this.line = turn;
    return turn;
  }
}
