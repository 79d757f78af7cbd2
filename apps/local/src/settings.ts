import { integer, namespaceName, oneOf, text, type Setting } from '@remuda/domain';
import { localRuntimes } from './cluster/runtime-choice.js';

/** Environment variables of `npm run demo` and `npm start`; the apps that they start read more. */
export const localSettings = {
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about: 'Redis to use. By default one is found, started or installed, and stopped afterwards.',
    unit: 'url',
    default: undefined,
    secret: true,
    parse: text,
  },
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'Prefix of every Redis key. Default: none for a Redis that is started here, `remuda` for one that is given.',
    unit: 'string',
    default: undefined,
    parse: namespaceName,
  },
  runtime: {
    env: 'REMUDA_RUNTIME',
    about: 'How workers run: `docker` (containers) or `process` (not isolated). Default: what the machine supports.',
    unit: 'word',
    default: undefined,
    parse: oneOf(localRuntimes),
  },
  apiPort: {
    env: 'REMUDA_API_PORT',
    about: 'TCP port of the API on 127.0.0.1. If it is in use, `npm start` picks another one.',
    unit: 'port',
    default: 7373,
    parse: integer(1, 65_535),
  },
  schedulerPort: {
    env: 'REMUDA_SCHEDULER_PORT',
    about:
      "TCP port of the scheduler's health and metrics on 127.0.0.1. If it is in use, `npm start` picks another one.",
    unit: 'port',
    default: 7374,
    parse: integer(1, 65_535),
  },
  bridgePort: {
    env: 'REMUDA_BRIDGE_ADMIN_PORT',
    about: "TCP port of the bridge's health and metrics on 127.0.0.1. If it is in use, `npm start` picks another one.",
    unit: 'port',
    default: 7073,
    parse: integer(1, 65_535),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
