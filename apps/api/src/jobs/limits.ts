/** Limits on the parts of a job. Times in ms, sizes in bytes. */
export const limits = {
  promptBytes: 10 * 1024 * 1024,
  systemPromptBytes: 100 * 1024,
  schemaBytes: 64 * 1024,
  metadataBytes: 16 * 1024,
  labels: 32,
  labelUnits: 255,
  toolRules: 200,
  toolRuleChars: 500,
  batchJobs: 500,
  yearMs: 365 * 86_400_000,
  dayMs: 86_400_000,
  /** Maximum time that a client may wait for a job in one request, in s. */
  waitS: 600,
} as const;

/** The format of a label's name. */
export const labelName = /^[A-Za-z0-9._/-]{1,63}$/;
