import { expect, test } from 'vitest';
import { Mailbox } from './mailbox.js';

const message = (id: string) => ({ id, text: `text of ${id}` });

test('a turn hears in order what came before it, and what comes while it listens; each message once', () => {
  const mailbox = new Mailbox([message('a')]);
  mailbox.put(message('b'));
  mailbox.put(message('a'));
  const heard: string[] = [];
  const leave = mailbox.attend(({ id }) => heard.push(id));
  mailbox.put(message('c'));
  mailbox.put(message('b'));
  leave();
  mailbox.put(message('d'));
  expect(heard).toEqual(['a', 'b', 'c']);
});
