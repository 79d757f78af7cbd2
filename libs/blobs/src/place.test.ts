import { expect, test } from 'vitest';
import { readBlobPlace } from './place.js';

test('a folder, and a bucket with or without a prefix, of AWS or of others', () => {
  expect(readBlobPlace('file:///var/lib/remuda')).toEqual({ kind: 'files', folder: '/var/lib/remuda' });
  expect(readBlobPlace('s3://my-bucket')).toEqual({
    ...{ kind: 's3', region: 'us-east-1', prefix: '' },
    bucketUrl: 'https://s3.us-east-1.amazonaws.com/my-bucket',
  });
  expect(readBlobPlace('s3://files/a/b/?region=garage&endpoint=http://10.0.0.1:3900/')).toEqual({
    ...{ kind: 's3', region: 'garage', prefix: 'a/b' },
    bucketUrl: 'http://10.0.0.1:3900/files',
  });
});

test.each([
  ['', /expected file/],
  ['/var/lib', /expected file/],
  ['file://host/var', /expected file/],
  ['https://bucket', /expected file/],
  ['s3://b', /expected file/],
  ['s3://bucket?endpoint=garage:3900', /expected file/],
  ['s3://bucket?secret=x', /expected file/],
  ['s3://id:secret@bucket', /expected no key/],
])('%j is refused', (url, why) => {
  expect(() => readBlobPlace(url)).toThrow(why);
});

test('a fault does not repeat what was given', () => {
  expect(() => readBlobPlace('s3://id:hunter2@bucket')).not.toThrow(/hunter2/);
});
