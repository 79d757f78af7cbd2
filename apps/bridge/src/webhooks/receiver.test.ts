import { readHostRules } from '@remuda/domain';
import { describe, expect, test } from 'vitest';
import { receiverOf } from './receiver.js';

const resolves =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses);

describe('a receiver', () => {
  test('is reached at the addresses that were checked', async () => {
    const found = await receiverOf('https://hooks.example.com/', [], resolves('8.8.8.8', '2600::1'));
    expect(found).toEqual({ addresses: ['8.8.8.8', '2600::1'] });
    expect(await receiverOf('https://8.8.4.4/', [], resolves())).toEqual({ addresses: ['8.8.4.4'] });
  });

  test('is not reached if one of its addresses is private, or a metadata address', async () => {
    for (const inside of ['127.0.0.1', '10.0.0.8', '169.254.169.254', '::1', '::ffff:192.168.1.1']) {
      const found = await receiverOf('https://hooks.example.com/', [], resolves('8.8.8.8', inside));
      expect(found).toMatchObject({ final: false, failure: expect.stringContaining('REMUDA_WEBHOOK_HOSTS') as string });
    }
  });

  test('is reached inside if the operator named it, or the block of its address', async () => {
    for (const hosts of ['ci.internal', '10.0.0.0/8'])
      expect(await receiverOf('https://ci.internal/', readHostRules(hosts), resolves('10.0.0.8'))).toEqual({
        addresses: ['10.0.0.8'],
      });
  });

  test('that has no address now may have one later; a URL that is wrong stays wrong', async () => {
    const gone = await receiverOf('https://none.example/', [], () => Promise.reject(new Error('ENOTFOUND')));
    expect(gone).toMatchObject({ final: false });
    expect(await receiverOf('https://127.0.0.1/', [], resolves())).toMatchObject({ final: true });
  });
});
