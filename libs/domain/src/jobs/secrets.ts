/** A job's secrets: values by the names of the variables that its tools get. */
export type Secrets = Readonly<Record<string, string>>;

/** Maximum number of secrets of a job, and the size of each, in bytes of UTF-8. */
export const secretLimits = { count: 32, valueBytes: 8 * 1024 } as const;

/** The format of a secret's name. */
export const secretName = /^[A-Z_][A-Z0-9_]{0,63}$/;

/** Names that would change where the agent's requests go, its identity, or what its tools run. */
const reserved =
  /^(ANTHROPIC|CLAUDE|REMUDA|LD|BASH)_|^(CLAUDECODE|HOME|PATH|SHELL|SHLVL|IFS|ENV|NODE_OPTIONS|IS_SANDBOX|DISABLE_AUTOUPDATER)$/;

/** Whether only the engine may set a variable of this name. */
export function isReservedName(name: string): boolean {
  return reserved.test(name);
}

/** What is wrong with a secret's name; undefined for a valid one. */
export function secretNameFault(name: string): string | undefined {
  if (!secretName.test(name)) return 'must have a name of 1 to 64 capital letters, digits and underscores';
  return isReservedName(name) ? 'is a name that a job may not set' : undefined;
}

/** What is wrong with a secret's value, without revealing it; undefined for a valid one. */
export function secretValueFault(value: unknown, bytesOf: (text: string) => number): string | undefined {
  if (typeof value !== 'string' || value === '' || bytesOf(value) > secretLimits.valueBytes)
    return `must be a string of 1 to ${String(secretLimits.valueBytes)} bytes`;
  return /\0|\p{Surrogate}/u.test(value) ? 'must not contain a null character or an unpaired surrogate' : undefined;
}
