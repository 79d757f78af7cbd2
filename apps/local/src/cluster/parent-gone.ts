/**
 * Calls back once the process that started this one is gone, however it went; at once when it is gone already. The
 * channel by which that is noticed keeps nothing alive.
 */
export function whenParentGone(then: () => void): void {
  if (process.connected) process.once('disconnect', then);
  else then();
  process.channel?.unref();
}
