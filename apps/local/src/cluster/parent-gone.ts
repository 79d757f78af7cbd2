/**
 * Calls back once the parent process is gone for any reason; at once if it is gone already. The channel used for this
 * does not keep the process alive.
 */
export function whenParentGone(then: () => void): void {
  if (process.connected) process.once('disconnect', then);
  else then();
  process.channel?.unref();
}
