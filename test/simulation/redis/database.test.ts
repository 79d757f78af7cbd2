import { expect, test, vi } from 'vitest';
import { Database, type Onlooker } from './database.js';

test('whoever looks on hears of a command that there is not, also where the one who asked hears no error', () => {
  const onUnknown = vi.fn<Onlooker['onUnknown']>();
  const database = new Database(() => 0, { onUnknown } as unknown as Onlooker, new Map());
  expect(() => database.run('getex', ['key'])).toThrow('getex');
  expect(onUnknown).toHaveBeenCalledWith(expect.stringContaining('getex'));
});
