import { expect, test } from 'vitest';
import { attachment } from './attachment.js';

test.each([
  ['dist/app.js', `attachment; filename="app.js"; filename*=UTF-8''app.js`],
  ['a"b;c.html', `attachment; filename="a_b_c.html"; filename*=UTF-8''a%22b%3Bc.html`],
  ["größe'(1).txt", `attachment; filename="gr__e__1_.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%27%281%29.txt`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])('%j is saved by its name, whatever is in it', (path, header) => {
  expect(attachment(path)).toBe(header);
});
