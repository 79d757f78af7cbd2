import { afterAll, beforeAll, describe } from 'vitest';
import { hasPostgres, startPostgres, type TestPostgres } from '../../integration/postgres.js';
import { archiveContract } from './archive.contract.js';
import { openStore } from './open-store.js';

describe.skipIf(!hasPostgres)('with a PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  archiveContract('The one in PostgreSQL', async () => openStore({ url: await server.database() }));
});
