/** Why an attempt is ended early; the first reason is the one reported. */
export type StopReason = 'cancel' | 'deadline' | 'drain';
