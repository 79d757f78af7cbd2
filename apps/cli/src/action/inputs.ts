import { getBooleanInput, getInput, getMultilineInput } from '@actions/core';
import type { JobOptions } from '../job-options.js';
import { UsageError } from '../usage-error.js';

/** What a step of a workflow asks for. */
export interface ActionInputs {
  readonly url: string;
  readonly token: string;
  readonly profile: string | undefined;
  readonly prompt: string;
  readonly options: JobOptions;
  /** Whether the patch of a job that succeeded is applied to the checkout. */
  readonly apply: boolean;
  /** The branch to which the patch is pushed as a commit, by the runner; undefined for none. */
  readonly push: string | undefined;
  readonly message: string;
}

/** Reads them as runners hand them on: in variables `INPUT_*`. Throws a UsageError that names the input. */
export function readInputs(): ActionInputs {
  const [url, prompt] = [getInput('url'), getInput('prompt')];
  if (!URL.canParse(url)) throw new UsageError('The input "url" must be the address of the api.');
  if (prompt === '') throw new UsageError('The input "prompt" is empty.');
  const credential = given('push_credential');
  const push = credential === undefined ? given('push') : undefined;
  return {
    ...{ url, prompt, push, token: getInput('token'), profile: given('profile') },
    apply: push !== undefined || getBooleanInput('apply'),
    message: given('message') ?? `Remuda: ${prompt.split('\n')[0]?.slice(0, 60) ?? ''}`,
    options: {
      ...pick('repo', given('repo') ?? (credential === undefined ? undefined : '.')),
      ...pick('ref', given('ref')),
      ...pick('model', given('model')),
      ...pick('budget', amount('budget')),
      ...pick('timeout', amount('timeout')),
      ...pick('schema', given('schema')),
      ...byService(credential),
      label: labelsOf(getMultilineInput('labels')),
    },
  };
}

/** What the service pushes itself: its bridge has the credential, which the workflow only names. */
function byService(pushCredential: string | undefined): JobOptions {
  const title = given('pull_request');
  const pullRequest: string | true | undefined = title === 'true' ? true : title;
  if (pushCredential !== undefined)
    return { push: given('push') ?? true, pushCredential, ...pick('pullRequest', pullRequest) };
  if (title === undefined) return {};
  throw new UsageError('The input "pull-request" needs "push-credential": the service opens it.');
}

const given = (name: string): string | undefined => getInput(name) || undefined;

const pick = <K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: V });

function amount(name: string): number | undefined {
  const text = given(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`The input ${JSON.stringify(name)} must be a number.`);
  return value;
}

function labelsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1)
        throw new UsageError(`The input "labels" must have a NAME=VALUE on each line, not ${JSON.stringify(line)}.`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
