/** An error in git's own framing (`ERR` packet): the git at the other end prints it as "remote error: …". */
export function errorPacket(message: string): string {
  const text = `ERR ${message.replace(/\s+/g, ' ').slice(0, 1_000)}\n`;
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}
