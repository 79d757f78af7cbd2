import type { ServerTool } from '@remuda/domain';
import { allowsModel } from '../question/allowed-models.js';

/** What the bridge passes on besides what every job may send; from the bridge's settings. */
export interface Extras {
  /** Further betas, by their names without the date. */
  readonly betas: readonly string[];
  /** Further fields of a request's outermost object. */
  readonly fields: readonly string[];
}

/** What one request may hold. */
export interface Allowance extends Extras {
  /** Models that may be asked for; absent: any. */
  readonly models?: readonly string[] | undefined;
  readonly serverTools: readonly ServerTool[];
}

/** Why a request is not passed on: it asks for a `model` that its job may not use, or holds what nobody opened. */
export interface Fault {
  readonly kind: 'model' | 'content';
  /** What it is, for whoever reads the refusal. */
  readonly what: string;
}

/** A fault of content. */
export const notOpen = (what: string): Fault => ({ kind: 'content', what });

/** The fault of something that the profile's `serverTools` have to open. */
export const wants = (tool: ServerTool, what: string): Fault =>
  notOpen(`${what}, which needs \`${tool}\` in the \`serverTools\` of the job's profile`);

/** The fault of a model's name, if it has one. */
export function* modelFaults(model: unknown, { models }: Allowance, at: string): Generator<Fault> {
  if (typeof model !== 'string' || model === '') yield { kind: 'model', what: `\`${at}\` without the name of a model` };
  else if (models && !allowsModel(models, model))
    yield { kind: 'model', what: `\`${at}\` is ${JSON.stringify(model.slice(0, 100))}` };
}
