import type { Failure, JobResult, NewEvent, Outcome, Secrets } from '@remuda/domain';
import { redactor } from './redactor.js';

/** Removes a job's secrets from its output. */
export interface Hiding {
  /** Secrets that are not hidden. */
  warnings(at: number): readonly NewEvent[];
  readonly text: (text: string) => string;
  /** The redacted events of an event: the end of a message in pieces may be held back until the next. */
  event(event: NewEvent): readonly NewEvent[];
  /** Output still held back when the turn is over. */
  rest(at: number): readonly NewEvent[];
  outcome(outcome: Outcome): Outcome;
}

/** Hides the secrets of one attempt. */
export function hidingOf(secrets: Secrets): Hiding {
  const hide = redactor(secrets);
  const pieces = hide.pieces();
  const delta = (text: string, at: number): readonly NewEvent[] =>
    text === '' ? [] : [{ type: 'message.delta', at, data: { text } }];
  const rest = (at: number): readonly NewEvent[] => delta(pieces.rest(), at);
  const event = (said: NewEvent): NewEvent => {
    switch (said.type) {
      case 'tool.called':
        return { ...said, data: { ...hide.texts(said.data), input: hide.all(said.data.input) } };
      case 'tool.returned': {
        const { output, truncated } = said.data;
        return { ...said, data: { ...said.data, output: truncated ? hide.cut(output) : hide.text(output) } };
      }
      default:
        return { ...said, data: hide.texts(said.data) } as NewEvent;
    }
  };
  const failure = (told: Failure): Failure => ({
    ...told,
    message: hide.cut(told.message),
    ...(told.lastLines ? { lastLines: told.lastLines.map(hide.cut) } : {}),
  });
  const result = (told: JobResult): JobResult => ({
    ...hide.texts(told),
    ...(told.structured === undefined ? {} : { structured: hide.all(told.structured) }),
  });
  return {
    warnings: (at) =>
      hide.tooShort.map((name) => ({
        type: 'attempt.warned',
        at,
        data: { message: `The secret ${name} is too short to be hidden.` },
      })),
    text: hide.text,
    event: (said) =>
      said.type === 'message.delta' ? delta(pieces.next(said.data.text), said.at) : [...rest(said.at), event(said)],
    rest,
    outcome: (told) => {
      const partial = told.result ? { result: result(told.result) } : {};
      return told.kind === 'failed' ? { ...told, ...partial, failure: failure(told.failure) } : { ...told, ...partial };
    },
  };
}
