import type { Grants } from '../grants.port.js';

/** Grants as seen by one worker: a token of another worker's job has no grant here. */
export function ownGrants(grants: Grants, worker: string): Grants {
  return {
    find: async (tokenHash) => {
      const grant = await grants.find(tokenHash);
      return grant?.worker === worker ? grant : undefined;
    },
  };
}
