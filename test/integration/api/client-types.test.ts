import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';
import { startRedis } from '../redis.js';
import { startApi } from './running-api.js';

const header = `// Made from the api's OpenAPI document by \`npx vitest run test/integration/api/client-types.test.ts --update\`.\n`;

test('the types of the client are those of the document', { timeout: 120_000 }, async () => {
  const redis = await startRedis();
  const api = await startApi(redis.url);
  try {
    const document = (await api.send('GET', '/api/docs-json')).text;
    const types = header + astToString(await openapiTS(document));
    await expect(types).toMatchFileSnapshot('../../../libs/client/src/schema.ts');
  } finally {
    await api.close();
    await redis.close();
  }
});
