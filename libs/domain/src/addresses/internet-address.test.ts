import { expect, test } from 'vitest';
import { addressKind, isInBlock, readBlock } from './internet-address.js';

test.each([
  ['140.82.121.4', 'public'],
  ['1.1.1.1', 'public'],
  ['2606:50c0:8000::153', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.1.2', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['::ffff:8.8.8.8', 'public'],
  ['169.254.169.254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['169.254.1.1', 'link_local'],
  ['fe80::1', 'link_local'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.0.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['0.0.0.0', 'reserved'],
  ['::', 'reserved'],
  ['::127.0.0.1', 'reserved'],
  ['224.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['ff02::1', 'reserved'],
  ['2002:7f00:1::', 'reserved'],
  ['2001:db8::1', 'reserved'],
])('%s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

test.each([
  '',
  'host',
  '127.1',
  '0x7f.0.0.1',
  '2130706433',
  '010.0.0.1',
  '256.1.1.1',
  ':::1',
  '1::2::3',
  '1:2:3',
  '::1%lo',
  '[::1]',
])('%j is no address', (text) => {
  expect(addressKind(text)).toBeUndefined();
});

test('a block holds what begins with its bits, and one address itself', () => {
  const ten = readBlock('10.0.0.0/8');
  if (!ten) throw new Error('no block');
  expect(['10.1.2.3', '::ffff:10.1.2.3', '11.0.0.1', '::1'].map((each) => isInBlock(each, ten))).toEqual([
    ...[true, true, false, false],
  ]);
  expect(
    ['fd00::/8', '::1', '10.0.0.0/33', '10.0.0.0/', 'x/8', '1.2.3.4/8/8'].map((each) => readBlock(each) !== undefined),
  ).toEqual([true, true, false, false, false, false]);
});
