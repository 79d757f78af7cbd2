import type { Grants } from '../grants.port.js';

/** Grants as one worker may use them: a token of another worker's job opens nothing here. */
export function ownGrants(grants: Grants, worker: string): Grants {
  return {
    find: async (tokenHash) => {
      const grant = await grants.find(tokenHash);
      return grant?.worker === worker ? grant : undefined;
    },
  };
}
