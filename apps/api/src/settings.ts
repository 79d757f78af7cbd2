import { integer, namespaceName, oneOf, text, readHostRules } from '@remuda/domain';
import type { Setting, SettingsOf } from '@remuda/domain';
import { hostList, logLevels, originList } from '@remuda/runtime';
import { readBasePath } from './base-path.js';

const yesOrNo = (value: string): boolean => oneOf(['0', '1'])(value) === '1';

/** Every variable that the api reads. */
export const apiSettings = {
  host: {
    env: 'REMUDA_API_HOST',
    about: 'Address on which the api listens. Whoever reaches it can submit jobs.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  port: {
    env: 'REMUDA_API_PORT',
    about: 'Port of the api; 0 takes a free one.',
    unit: 'port',
    default: 7373,
    parse: integer(0, 65_535),
  },
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about: 'The Redis that holds the jobs.',
    unit: 'url',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    parse: text,
  },
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'First part of every Redis key: clusters with different ones share a Redis.',
    unit: 'text',
    default: 'remuda',
    parse: namespaceName,
  },
  boardWritable: {
    env: 'REMUDA_BOARD_WRITABLE',
    about: 'Whether the board at /admin/queues may change queues. Its buttons go past the job records.',
    unit: '0 or 1',
    default: false,
    parse: yesOrNo,
  },
  boardPrompts: {
    env: 'REMUDA_BOARD_PROMPTS',
    about: 'Whether the titles of jobs on the board have the first words of their prompts beside their ids.',
    unit: '0 or 1',
    default: true,
    parse: yesOrNo,
  },
  basePath: {
    env: 'REMUDA_API_BASE_PATH',
    about: 'What a proxy puts before the paths of the api and takes away again, as `/remuda`.',
    unit: 'path',
    default: undefined,
    parse: readBasePath,
  },
  trustPrefix: {
    env: 'REMUDA_API_TRUST_PREFIX',
    about:
      'Whether X-Forwarded-Prefix of a request is taken for that path. Only behind a proxy that sets or removes it.',
    unit: '0 or 1',
    default: false,
    parse: yesOrNo,
  },
  gitAllowFile: {
    env: 'REMUDA_GIT_ALLOW_FILE',
    about: 'Whether a job may name a repository on this machine by a file: URL.',
    unit: '0 or 1',
    default: false,
    parse: yesOrNo,
  },
  gitHosts: {
    env: 'REMUDA_GIT_HOSTS',
    about:
      'Hosts of repositories that a job may name though their addresses are none of the public internet, the same as the bridge has: names, `*.names`, addresses, blocks (`10.0.0.0/8`), separated by commas.',
    unit: 'list',
    default: [] as ReturnType<typeof readHostRules>,
    parse: readHostRules,
  },
  origins: {
    env: 'REMUDA_API_ORIGINS',
    about: 'Origins, separated by commas, whose pages a browser lets use the api; its own is always among them.',
    unit: 'list',
    default: [] as readonly string[],
    parse: originList,
  },
  hosts: {
    env: 'REMUDA_API_HOSTS',
    about: 'Names, separated by commas, by which the api is reached, besides localhost and its own addresses.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'From which level on log lines are written.',
    unit: logLevels.join(', '),
    default: 'info',
    parse: oneOf(logLevels),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The api's settings, read. */
export type ApiSettings = SettingsOf<typeof apiSettings>;
