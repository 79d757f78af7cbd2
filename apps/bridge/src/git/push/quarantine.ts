import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import type { PushNote } from '@remuda/protocol';
import { git, type GitRun } from '../git.js';
import { goneMark } from '../mirrors/mirror.js';
import { PushRefusal } from './refusal.js';
import type { Remote } from './remote.js';

/** Limits on what a job may push. */
export interface QuarantineLimits {
  /** Of the pack, and of each file in it when it is unpacked, in bytes. */
  readonly maxBytes: number;
  readonly maxCommits: number;
}

/** Memory of the git that reads a pack, in MiB: a small one may say that it unpacks to something huge. */
const memoryMb = 2_048;

/**
 * A repository for commits that come from a container, with nothing else in it: no refs, no hooks and no configuration but
 * ours. The objects of the mirror are borrowed, so that only what is new has to come.
 */
export class Quarantine {
  constructor(
    readonly folder: string,
    private readonly run: GitRun,
  ) {}

  /**
   * Takes a pack, and checks it: every object is well-formed, nothing is missing, and the commits go on from `base`. Rejects
   * with a `PushRefusal`.
   */
  async take(content: AsyncIterable<Uint8Array>, { base, head }: PushNote, limits: QuarantineLimits): Promise<void> {
    const { maxBytes, maxCommits } = limits;
    const input = upTo(content, maxBytes);
    await this.#check(['index-pack', '--strict', `--max-input-size=${String(maxBytes)}`, '--threads=1', '--stdin'], {
      input,
      memoryMb,
    });
    await this.#check(['cat-file', '-e', `${head}^{commit}`]);
    await this.#check(
      ['merge-base', '--is-ancestor', base, head],
      {},
      'The commits do not go on from the one that the job started from.',
    );
    const commits = Number(
      await this.#check(['rev-list', '--count', `--max-count=${String(maxCommits + 1)}`, head, `^${base}`]),
    );
    if (commits > maxCommits)
      throw new PushRefusal('too_large', `The job has more than ${String(maxCommits)} commits.`);
    const filter = [
      `--filter=blob:limit=${String(maxBytes)}`,
      '--filter-print-omitted',
      '--objects',
      '--no-object-names',
    ];
    const reached = await this.#check(['rev-list', ...filter, head, `^${base}`]);
    if (/^~/m.test(reached)) throw new PushRefusal('too_large', `A file is larger than ${String(maxBytes)} bytes.`);
  }

  /** Commits that `head` has in addition to `base`. */
  async count(base: string, head: string): Promise<number> {
    return Number(await this.git(['rev-list', '--count', head, `^${base}`]));
  }

  /** The subject of the first commit that `head` has in addition to `base`, up to 200 characters. */
  async firstSubject(base: string, head: string): Promise<string> {
    const subjects = await this.git(['log', '--reverse', '--topo-order', '--format=%s', head, `^${base}`]);
    return (subjects.split('\n').find((subject) => subject.trim() !== '') ?? 'Changes').trim().slice(0, 200);
  }

  /** The commit to which a branch points at the server; undefined if there is no such branch. */
  async tipOf(branch: string, { url, env, hide }: Remote): Promise<string | undefined> {
    const listed = await this.git(['ls-remote', '--quiet', '--', url, `refs/heads/${branch}`], { env }).catch(
      hiding(hide),
    );
    return /^([0-9a-f]{40,64})\t/.exec(listed)?.[1];
  }

  /** Fetches a branch: it is named by no ref here. */
  async fetch(branch: string, { url, env, hide }: Remote): Promise<void> {
    const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
    await this.git(['fetch', ...options, '--', url, `refs/heads/${branch}`], { env }).catch(hiding(hide));
  }

  /** Writes a commit object; resolves with its id. */
  async write(commit: string): Promise<string> {
    const input = once(commit);
    return (await this.git(['hash-object', '-t', 'commit', '-w', '--stdin'], { input })).trim();
  }

  /** Runs git in it. Rejects as `git` does. */
  git(args: readonly string[], more: Partial<GitRun> = {}): Promise<string> {
    return git(this.folder, args, { ...this.run, ...more });
  }

  async #check(args: readonly string[], more: Partial<GitRun> = {}, why?: string): Promise<string> {
    try {
      return await this.git(args, {
        ...more,
        env: { ...this.run.env, GIT_ALLOW_PROTOCOL: 'none', GIT_NO_REPLACE_OBJECTS: '1' },
      });
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
      if (tooLarge.test(error.message))
        throw new PushRefusal('too_large', 'The job’s commits are larger than REMUDA_PUSH_MAX_MB.');
      if (error.code === 'workspace.unavailable' && !/early EOF/.test(error.message)) throw error;
      throw new PushRefusal(
        'invalid',
        why ?? `What the worker sent are no commits of this repository: ${error.message}`,
      );
    }
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

const hiding =
  (hide: Remote['hide']) =>
  (error: unknown): never => {
    throw error instanceof RemudaError ? new RemudaError(error.code, hide(error.message)) : error;
  };

const tooLarge = /exceeds maximum allowed size|larger than allowed/;

/** Makes one for the time of some work, beside the mirrors: what a bridge that died has left is removed at the next start. */
export async function withQuarantine<T>(
  mirror: string,
  run: GitRun,
  work: (quarantine: Quarantine) => Promise<T>,
): Promise<T> {
  const folder = join(dirname(mirror), `push${goneMark}${randomUUID()}`);
  try {
    await mkdir(folder, { mode: 0o700 });
    await git(folder, ['init', '--bare', '--quiet', '--template='], run);
    await mkdir(join(folder, 'objects', 'info'), { recursive: true });
    await writeFile(join(folder, 'objects', 'info', 'alternates'), `${join(mirror, 'objects')}\n`);
    return await work(new Quarantine(folder, run));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What comes, up to a little more than may: git then says that it is too much. */
async function* upTo(content: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    yield chunk;
    if (bytes > maxBytes) return;
  }
}
