const headerBytes = 8;

/** The text of a container's log: stdout and stderr in order, without the engine's frame headers. */
export function logText(framed: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + headerBytes <= framed.length;) {
    const start = at + headerBytes;
    const end = start + framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(start, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}
