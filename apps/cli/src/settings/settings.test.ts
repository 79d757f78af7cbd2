import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSettings, settingsFile } from './settings.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'remuda-cli-'));
});
afterEach(() => rm(home, { recursive: true }));

async function write(text: string): Promise<void> {
  const file = settingsFile({ HOME: home });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

describe('the settings of the command', () => {
  test('are those of this machine where nothing is said', async () => {
    expect(await readSettings({ HOME: home }, {})).toEqual({ url: 'http://127.0.0.1:7373' });
  });

  test('come from options before the environment, and from that before the file', async () => {
    await write('{"url": "http://file", "token": "file", "profile": "file"}');
    const env = { HOME: home, REMUDA_URL: 'http://env', REMUDA_TOKEN: 'env' };
    expect(await readSettings(env, { url: 'http://option' })).toEqual({
      url: 'http://option',
      token: 'env',
      profile: 'file',
    });
  });

  test('are in the folder that XDG_CONFIG_HOME names, if it does', () => {
    expect(settingsFile({ HOME: '/h', XDG_CONFIG_HOME: '/c' })).toBe('/c/remuda/config.json');
    expect(settingsFile({ HOME: '/h' })).toBe('/h/.config/remuda/config.json');
  });

  test.each([
    ['{"url": ', /is not JSON/],
    ['[]', /must contain a JSON object/],
    ['{"uri": "http://x"}', /unknown setting "uri"; there are url, token, profile/],
    ['{"url": 7}', /url must be a string/],
    ['{"url": "ftp://x"}', /must be an http or https URL, not "ftp:\/\/x"/],
  ])('are refused with what is wrong: %s', async (text, message) => {
    await write(text);
    await expect(readSettings({ HOME: home }, {})).rejects.toThrow(message);
  });
});
