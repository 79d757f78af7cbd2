import type { ServerTool } from '@remuda/domain';
import { allowsModel } from '../question/allowed-models.js';

/** Additional content that the bridge passes on, from its settings. */
export interface Extras {
  /** Additional betas, by name without the date. */
  readonly betas: readonly string[];
  /** Additional top-level fields of a request. */
  readonly fields: readonly string[];
}

/** Content that a request may have. */
export interface Allowance extends Extras {
  /** Models that may be requested; absent: any. */
  readonly models?: readonly string[] | undefined;
  readonly serverTools: readonly ServerTool[];
}

/** Why a request is not passed on: its job may not use the `model`, or its content is not allowed. */
export interface Fault {
  readonly kind: 'model' | 'content';
  /** The offending part, for the reader of the refusal. */
  readonly what: string;
}

/** A fault of content. */
export const notOpen = (what: string): Fault => ({ kind: 'content', what });

/** A fault of content that needs one of the profile's `serverTools`. */
export const wants = (tool: ServerTool, what: string): Fault =>
  notOpen(`${what}, which needs \`${tool}\` in the \`serverTools\` of the job's profile`);

/** The fault of a model's name, if it has one. */
export function* modelFaults(model: unknown, { models }: Allowance, at: string): Generator<Fault> {
  if (typeof model !== 'string' || model === '') yield { kind: 'model', what: `\`${at}\` without the name of a model` };
  else if (models && !allowsModel(models, model))
    yield { kind: 'model', what: `\`${at}\` is ${JSON.stringify(model.slice(0, 100))}` };
}
