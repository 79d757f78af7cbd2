/** Limits on stored bytes. */
export interface BlobLimits {
  /** Per blob. */
  readonly maxBytes: number;
  /** For all blobs of a room; concurrent writes may exceed it by one blob each. */
  readonly maxTotalBytes: number;
  /** Free disk space below which nothing is stored any more. Default: 0. Ignored where nobody knows it. */
  readonly minFreeBytes?: number;
}

const namePattern = /^[a-z0-9-][a-z0-9.-]{0,127}$/;

/** Whether a text can name a blob. */
export function isBlobName(name: string): boolean {
  return namePattern.test(name);
}

/** The name, if it can be one; otherwise throws: names are ours, so it is a fault of the program. */
export function checkedName(name: string): string {
  if (!isBlobName(name)) throw new TypeError(`${JSON.stringify(name)} is not a valid name of a blob.`);
  return name;
}
