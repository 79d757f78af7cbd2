import { permissionModes, steerLimits, type Control } from '@remuda/domain';
import { isUnderstood, messageFormats, type Formats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';
import { idText, lease, oneOf, optional, shape, span, text, textUpTo, type Reader } from '../reader/shape.js';

/** Maximum delay of a timer, in ms: 24 days. */
const maxLimitMs = 2 ** 31 - 1;

const limitMs: Reader<number> = (value) => {
  const ms = span(value);
  return ms === undefined ? undefined : Math.min(ms, maxLimitMs);
};

/** Writes a control message for the worker's control stream, in the field `d`. */
export function encodeControl(control: Control): string {
  return JSON.stringify({ v: messageFormats.own, ...control });
}

const readers = {
  cancel: shape<Extract<Control, { kind: 'cancel' }>>({ kind: oneOf(['cancel']), job: idText, lease }),
  steer: shape<Extract<Control, { kind: 'steer' }>>({
    ...{ kind: oneOf(['steer']), job: idText, lease },
    ...{ id: text, text: textUpTo(steerLimits.characters) },
  }),
  drain: shape<Extract<Control, { kind: 'drain' }>>({ kind: oneOf(['drain']), limitMs }),
  spare: shape<Extract<Control, { kind: 'spare' }>>({
    kind: oneOf(['spare']),
    permissionMode: optional(oneOf(permissionModes)),
  }),
  show: shape<Extract<Control, { kind: 'show' }>>({ kind: oneOf(['show']), asked: span, forMs: limitMs }),
};

/**
 * Reads a control message into a fresh one; undefined for anything else, including unsupported formats: if the worker
 * does not act, the scheduler does so from outside some seconds later.
 */
export function decodeControl(message: string, formats: Formats = messageFormats): Control | undefined {
  const value = parseJson(message);
  const kind =
    isRecord(value) && isUnderstood(value['v'], formats)
      ? oneOf(['cancel', 'drain', 'show', 'spare', 'steer'])(value['kind'])
      : undefined;
  return kind && readers[kind](value);
}
