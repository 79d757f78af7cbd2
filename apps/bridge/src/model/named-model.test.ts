import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NamedModel } from './named-model.js';

function read(body: string, size = body.length): NamedModel {
  const found = new NamedModel();
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) found.read(bytes.subarray(at, at + size));
  return found;
}

test('finds the model of any body, wherever it stands and however the body is cut', () => {
  const key = fc.string().filter((text) => text.toLowerCase() !== 'model');
  const members = fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 6 });
  fc.assert(
    fc.property(members, fc.string({ maxLength: 40 }), fc.nat(6), fc.nat({ max: 40 }), (others, model, at, size) => {
      const all: [string, unknown][] = [...others];
      all.splice(at, 0, ['model', model]);
      const body = `{${all.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(', ')}}`;
      expect(read(body, size + 1)).toMatchObject({ name: model, fault: undefined });
    }),
  );
});

test('passes over texts full of quotes and backslashes, however they are cut', () => {
  const messy = fc.string({ unit: fc.constantFrom('\\', '"', 'x'), maxLength: 30 });
  fc.assert(
    fc.property(fc.array(messy, { maxLength: 4 }), fc.nat({ max: 12 }), (texts, size) => {
      const body = JSON.stringify({ texts, model: 'a', rest: { texts } });
      expect(read(body, size + 1)).toMatchObject({ name: 'a', fault: undefined });
    }),
  );
});

test.each([
  ['of an inner object', '{"x":{"model":"a"},"y":[{"model":"b"}]}'],
  ['in a text', String.raw`{"x":"\",\"model\":\"a\""}`],
  ['as a value', '{"x":"model","y":["model","a"]}'],
])('takes no model for one that stands there %s', (_, body) => {
  expect(read(body)).toMatchObject({ name: undefined, fault: undefined });
});

test.each([
  ['two', '{"model":"a","model":"b"}'],
  ['two, one of them escaped', String.raw`{"model":"a","mod\u0065l":"b"}`],
  ['two, one of them in capitals', '{"model":"a","Model":"b"}'],
  ['one that is no text', '{"model":["a"]}'],
  ['one that is a number', '{"model":7}'],
  ['a second body', '{"model":"a"}{"model":"b"}'],
  ['a list', '[{"model":"a"}]'],
  ['another encoding', '\u0000{"model":"a"}'],
  ['a broken escape', String.raw`{"model":"\x"}`],
])('finds fault with %s', (_, body) => {
  expect(read(body).fault).toEqual(expect.any(String));
});

test('reads an escaped name as the model will', () => {
  expect(read(String.raw`{"mod\u0065l":"clau\u0064e"}`)).toMatchObject({ name: 'claude', fault: undefined });
});
