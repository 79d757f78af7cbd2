import type { ErrorCode } from '@remuda/domain';

/** Exit codes for the client, of sysexits.h. */
const exits: Partial<Record<ErrorCode, number>> = {
  'host_bridge.malformed': 76,
  'host_bridge.unidentified': 77,
  'host_bridge.refused': 77,
  'host_bridge.busy': 75,
  'host_bridge.stopping': 75,
};

/** The exit code of a client whose run was refused or cut; 70 (`EX_SOFTWARE`) by default. */
export const exitFor = (code: ErrorCode): number => exits[code] ?? 70;
