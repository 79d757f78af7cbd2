import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { JobRequest } from '@remuda/client';
import { repositoryIn, unpushedIn } from './git/git.js';
import { reasonOf } from './reason-of.js';
import { UsageError } from './usage-error.js';

/** Options of commands that submit a job. */
export interface JobOptions {
  readonly repo?: string;
  readonly ref?: string;
  readonly model?: string;
  readonly budget?: number;
  readonly maxTurns?: number;
  readonly timeout?: number;
  readonly priority?: number;
  readonly schema?: string;
  readonly systemPrompt?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly webhook?: string;
  readonly push?: string | true;
  readonly pushCredential?: string;
  readonly pullRequest?: string | true;
  readonly upload?: string;
  readonly artifact?: readonly string[];
  readonly apply?: boolean;
}

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};

const label = (text: string, others: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...others, [text.slice(0, at)]: text.slice(at + 1) };
};

const several = (text: string, others: readonly string[] = []): readonly string[] => [...others, text];

/** Adds them to a command. */
export const withJobOptions = (command: Command): Command =>
  command
    .option('--repo <url>', 'git repository that the job works on; "." is the origin of the one here')
    .option('--ref <ref>', 'branch, tag or commit of it')
    .option('--upload <folder>', 'begin with the files of this folder, without those that git ignores')
    .option('--artifact <glob>', 'keep these files after the job; may be repeated', several)
    .option('--model <name>', 'model')
    .option('--budget <dollars>', 'what it may cost, in US dollars', number)
    .option('--max-turns <n>', 'how many turns it may take', number)
    .option('--timeout <seconds>', 'how long one attempt may take', number)
    .option('--priority <n>', '1 (first) to 10', number)
    .option('--schema <file>', 'JSON Schema of a structured result')
    .option('--system-prompt <text>', 'added to the system prompt')
    .option('--label <name=value>', 'label; may be repeated', label)
    .option('--webhook <url>', 'where a signed message is sent when it is over')
    .option('--push [branch]', 'push its commits to this branch, or to one with its id')
    .option('--push-credential <name>', 'name of the secret by which they are pushed')
    .option('--pull-request [title]', 'open a pull request for what is pushed');

/** What a job is made with. */
export interface JobSurroundings {
  readonly cwd: string;
  readonly profile: string | undefined;
  /** Gets what the person should know of it. */
  readonly say: (text: string) => void;
  /** Sends the files of a folder; resolves with the id of the upload. */
  readonly upload: (folder: string) => Promise<string>;
}

/** A job of these options. A folder is sent last: nothing is sent for options that are wrong. */
export async function jobOf(
  prompt: string,
  options: JobOptions,
  { cwd, profile, say, upload }: JobSurroundings,
): Promise<JobRequest> {
  const job = await plainJobOf(prompt, options, { cwd, profile });
  if (options.upload === undefined) {
    const workspace = await workspaceOf(options, cwd, say);
    return { ...job, ...(workspace && { workspace }) };
  }
  if (options.repo !== undefined || options.ref !== undefined)
    throw new UsageError('--upload cannot be combined with --repo and --ref.');
  if (options.apply === true)
    throw new UsageError('--apply needs a repository; of uploaded files, name with --artifact what is to be kept.');
  return { ...job, workspace: { kind: 'upload', upload: await upload(resolve(cwd, options.upload)) } };
}

async function plainJobOf(
  prompt: string,
  options: JobOptions,
  { cwd, profile }: Pick<JobSurroundings, 'cwd' | 'profile'>,
): Promise<JobRequest> {
  return {
    prompt,
    ...(profile !== undefined && { profile }),
    ...(options.model !== undefined && { model: options.model }),
    ...(options.budget !== undefined && { maxBudgetUsd: options.budget }),
    ...(options.maxTurns !== undefined && { maxTurns: options.maxTurns }),
    ...(options.timeout !== undefined && { timeoutMs: Math.round(options.timeout * 1_000) }),
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.systemPrompt !== undefined && { appendSystemPrompt: options.systemPrompt }),
    ...(options.label !== undefined && { labels: options.label }),
    ...(options.webhook !== undefined && { webhook: { url: options.webhook } }),
    ...(options.artifact !== undefined && { artifacts: [...options.artifact] }),
    ...gitOf(options),
    ...(options.schema !== undefined && { outputSchema: await schemaIn(resolve(cwd, options.schema)) }),
  };
}

function gitOf({ push, pushCredential: credential, pullRequest }: JobOptions): Pick<JobRequest, 'git'> {
  if (pullRequest !== undefined && push === undefined) throw new UsageError('--pull-request needs --push.');
  if (push === undefined && credential === undefined) return {};
  if (credential === undefined) throw new UsageError('--push needs --push-credential NAME.');
  if (push === undefined) throw new UsageError('--push-credential needs --push.');
  return {
    git: {
      push: {
        ...{ credential, ...(push === true ? {} : { branch: push }) },
        ...(pullRequest === undefined ? {} : { pullRequest: pullRequest === true ? {} : { title: pullRequest } }),
      },
    },
  };
}

async function workspaceOf(
  { repo, ref, apply }: JobOptions,
  cwd: string,
  say: (text: string) => void,
): Promise<JobRequest['workspace']> {
  if (repo === undefined && apply !== true) {
    if (ref !== undefined) throw new UsageError('--ref needs --repo.');
    return undefined;
  }
  if (repo !== undefined && repo !== '.') return { kind: 'git', url: repo, ...(ref !== undefined && { ref }) };
  const here = await repositoryIn(cwd);
  const unpushed = ref === undefined ? await unpushedIn(cwd) : 0;
  if (unpushed > 0) say(`${unpushed} commits of ${here.ref} are not pushed: the job does not see them.`);
  return { kind: 'git', url: here.url, ref: ref ?? here.ref };
}

async function schemaIn(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`The schema ${path} cannot be read: ${reasonOf(error)}`);
  }
}
