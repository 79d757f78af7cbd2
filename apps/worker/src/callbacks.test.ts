import { describe, expect, test } from 'vitest';
import { callbackAddress } from './callbacks.js';

describe('where a worker calls back to', () => {
  const own = new URL('https://gateway.example/claude-callback');

  test('its own URL comes before its bridge', () => {
    expect(callbackAddress(own, { socket: '/run/model.sock' })).toEqual({ url: own });
  });

  test('its bridge takes callbacks where it takes requests', () => {
    expect(callbackAddress(undefined, { socket: '/run/model.sock' })).toEqual({ socket: '/run/model.sock' });
    expect(callbackAddress(undefined, { url: 'http://bridge:8080' })).toEqual({
      url: new URL('http://bridge:8080/claude-callback'),
    });
  });

  test('nowhere without either, as on pipes and files', () => {
    expect(callbackAddress(undefined, undefined)).toBeUndefined();
  });
});
