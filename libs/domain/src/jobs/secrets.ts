/** A job's secrets: values by the names of the variables in which its tools find them. */
export type Secrets = Readonly<Record<string, string>>;

/** How many secrets a job may have, and how large each may be, in bytes of UTF-8. */
export const secretLimits = { count: 32, valueBytes: 8 * 1024 } as const;

/** What a secret's name is made of. */
export const secretName = /^[A-Z_][A-Z0-9_]{0,63}$/;

/** Names that would change where the agent's requests go, what it is, or what its tools run. */
const reserved =
  /^(ANTHROPIC|CLAUDE|REMUDA|LD|BASH)_|^(CLAUDECODE|HOME|PATH|SHELL|SHLVL|IFS|ENV|NODE_OPTIONS|IS_SANDBOX|DISABLE_AUTOUPDATER)$/;

/** Whether a variable of this name is nobody's to set but the engine's. */
export function isReservedName(name: string): boolean {
  return reserved.test(name);
}

/** Says what is wrong with a secret's name; undefined for a good one. */
export function secretNameFault(name: string): string | undefined {
  if (!secretName.test(name)) return 'must have a name of 1 to 64 capital letters, digits and underscores';
  return isReservedName(name) ? 'is a name that a job may not set' : undefined;
}

/** Says what is wrong with a secret's value, without a word of it; undefined for a good one. */
export function secretValueFault(value: unknown, bytesOf: (text: string) => number): string | undefined {
  if (typeof value !== 'string' || value === '' || bytesOf(value) > secretLimits.valueBytes)
    return `must be a string of 1 to ${String(secretLimits.valueBytes)} bytes`;
  return /\0|\p{Surrogate}/u.test(value) ? 'must not contain a null character or an unpaired surrogate' : undefined;
}
