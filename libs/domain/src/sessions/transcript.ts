/** What is known of a conversation that Claude Code has written down. */
export interface TranscriptFound {
  /** Claude Code's id of it: that of its last message. */
  readonly sessionId: string;
  /** Messages of the user and the assistant, results of tools included. */
  readonly messages: number;
  /** The latest version of Claude Code that has written to it. */
  readonly claudeVersion?: string;
  /** What is missing in it. */
  readonly warnings: readonly string[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Looks through a transcript of Claude Code, line by line: JSON lines, of which those of the types `user` and `assistant` are
 * messages. Lines of other types are Claude Code's own affair. One for each transcript.
 */
export class TranscriptWatch {
  #lines = 0;
  #messages = 0;
  #sessionId: string | undefined;
  #version: string | undefined;
  #beginsWithin = false;
  readonly #ids = new Set<string>();
  #broken: number | undefined;

  /** Whether the last line that was passed is to be kept: a broken one can only be the last. */
  get isWhole(): boolean {
    return this.#broken !== this.#lines;
  }

  /** Takes the next line. Returns what is wrong with the transcript, if that is known now. */
  next(line: string): string | undefined {
    if (this.#broken !== undefined) return `line ${String(this.#broken)} is not JSON`;
    this.#lines++;
    const value = parsed(line);
    if (value === undefined) this.#broken = this.#lines;
    else this.#note(value);
    return undefined;
  }

  /** What was found, or why it is no transcript. */
  end(): TranscriptFound | { readonly fault: string } {
    if (this.#messages === 0 || this.#sessionId === undefined)
      return { fault: 'it has no message of a user or assistant with a sessionId, as Claude Code writes them' };
    const warnings = [
      ...(this.#beginsWithin ? ['It begins within a conversation: what was said before is not known.'] : []),
      ...(this.#broken === undefined ? [] : ['Its last line is cut, and left out.']),
    ];
    const version = this.#version === undefined ? {} : { claudeVersion: this.#version };
    return { sessionId: this.#sessionId, messages: this.#messages, ...version, warnings };
  }

  #note({ type, uuid: id, parentUuid, sessionId, version, message }: Readonly<Record<string, unknown>>): void {
    if (typeof id === 'string') this.#ids.add(id);
    if ((type !== 'user' && type !== 'assistant') || typeof message !== 'object' || message === null) return;
    if (typeof sessionId !== 'string' || !uuid.test(sessionId)) return;
    if (this.#messages === 0) this.#beginsWithin = typeof parentUuid === 'string' && !this.#ids.has(parentUuid);
    this.#messages++;
    this.#sessionId = sessionId;
    if (typeof version === 'string' && isNewer(version, this.#version)) this.#version = version;
  }
}

/** Whether a version of Claude Code is newer than another one; what is no version is newer than none. */
export function isNewer(version: string, than: string | undefined): boolean {
  const [a, b] = [numbersOf(version), numbersOf(than ?? '')];
  if (!a || !b) return a !== undefined;
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

function numbersOf(version: string): readonly number[] | undefined {
  const [, ...numbers] = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})/.exec(version) ?? [];
  return numbers.length === 0 ? undefined : numbers.map(Number);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
