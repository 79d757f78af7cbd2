import { blobSettings, snapshotSettings } from '@remuda/blobs';
import {
  integer,
  namespaceName,
  oneOf,
  readHostRules,
  readProtectedBranches,
  text,
  usualProtectedBranches,
} from '@remuda/domain';
import type { Setting, SettingsOf } from '@remuda/domain';
import { hostList, logLevels, originList, secretKeysSetting } from '@remuda/runtime';
import { readBasePath } from './base-path.js';
import { daysByKind, daysByState } from './history/retention-rules.js';
import { readJwksUrl, readJwtSecret } from './identity/jwt/settings.js';

const postgresUrl = (value: string): string => {
  if (!/^postgres(ql)?:\/\/./.test(value)) throw new Error('expected a postgres:// URL');
  return value;
};

const yesOrNo = (value: string): boolean => oneOf(['0', '1'])(value) === '1';

/** Every variable that the api reads. */
export const apiSettings = {
  host: {
    env: 'REMUDA_API_HOST',
    about: 'Address on which the api listens. Unless it is a loopback address, requests need tokens.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  port: {
    env: 'REMUDA_API_PORT',
    about: 'Port of the api; 0 picks a free port.',
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
    about: 'Prefix of every Redis key. Clusters with different prefixes can share a Redis.',
    unit: 'string',
    default: 'remuda',
    parse: namespaceName,
  },
  databaseUrl: {
    env: 'REMUDA_DATABASE_URL',
    about: 'The PostgreSQL (15 or newer) that keeps jobs that are over, for this cluster alone.',
    unit: 'url',
    default: undefined,
    secret: true,
    parse: postgresUrl,
  },
  storeDir: {
    env: 'REMUDA_STORE_DIR',
    about: 'Folder of an embedded database that does the same, without a URL. Only one api can use it.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  ...blobSettings,
  uploadMaxMb: {
    env: 'REMUDA_UPLOAD_MAX_MB',
    about: 'Maximum size of an archive that is uploaded.',
    unit: 'MiB',
    default: 256,
    parse: integer(1, 1_048_576),
  },
  uploadUnpackedMb: {
    env: 'REMUDA_UPLOAD_UNPACKED_MB',
    about: 'Maximum size of what it unpacks to.',
    unit: 'MiB',
    default: 1_024,
    parse: integer(1, 1_048_576),
  },
  uploadTotalMb: {
    env: 'REMUDA_UPLOAD_TOTAL_MB',
    about: 'Space for all uploads together. When it is used up, no more are taken.',
    unit: 'MiB',
    default: 10_240,
    parse: integer(1, 1_073_741_824),
  },
  ...snapshotSettings,
  historyDays: {
    env: 'REMUDA_HISTORY_DAYS',
    about:
      'How long the database keeps a job after its end: days, or days by state (`failed=365,cancelled=30`). Default: for ever.',
    unit: 'days',
    default: undefined,
    parse: daysByState,
  },
  contentDays: {
    env: 'REMUDA_HISTORY_CONTENT_DAYS',
    about: 'The same for its prompt, result, events and attempts, which may go before its record.',
    unit: 'days',
    default: undefined,
    parse: daysByState,
  },
  auditDays: {
    env: 'REMUDA_AUDIT_DAYS',
    about:
      'How long the database keeps a request of the audit log: days, or days by kind (`refused=30,steered=730`). Default: for ever.',
    unit: 'days',
    default: undefined,
    parse: daysByKind,
  },
  boardWritable: {
    env: 'REMUDA_BOARD_WRITABLE',
    about: 'Whether the board at /admin/queues may change queues. Its buttons bypass the job records.',
    unit: '0 or 1',
    default: false,
    parse: yesOrNo,
  },
  boardPrompts: {
    env: 'REMUDA_BOARD_PROMPTS',
    about: 'Whether job titles on the board show the first words of the prompt next to the id.',
    unit: '0 or 1',
    default: true,
    parse: yesOrNo,
  },
  basePath: {
    env: 'REMUDA_API_BASE_PATH',
    about: 'Path prefix under which a proxy serves the api and which it strips, such as `/remuda`.',
    unit: 'path',
    default: undefined,
    parse: readBasePath,
  },
  trustPrefix: {
    env: 'REMUDA_API_TRUST_PREFIX',
    about:
      'Whether the X-Forwarded-Prefix header of a request is trusted as that prefix. Only behind a proxy that sets or removes it.',
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
      'Repository hosts that jobs may use although their addresses are not public: names, `*.names`, addresses, blocks (`10.0.0.0/8`), separated by commas. Must be the same as for the bridge.',
    unit: 'list',
    default: [] as ReturnType<typeof readHostRules>,
    parse: readHostRules,
  },
  gitProtected: {
    env: 'REMUDA_GIT_PROTECTED',
    about:
      'Branches to which no job may push, in addition to the default branch and the ref from which it started: names, with `*` for any characters, separated by commas. Must be the same as for the bridge.',
    unit: 'list',
    default: usualProtectedBranches,
    parse: readProtectedBranches,
  },
  webhookHosts: {
    env: 'REMUDA_WEBHOOK_HOSTS',
    about:
      'Hosts to which webhooks may be sent although their addresses are private, or without TLS, separated by commas: names, `*.names`, addresses, blocks (`10.0.0.0/8`). Must be the same as for the bridge.',
    unit: 'list',
    default: [],
    parse: readHostRules,
  },
  origins: {
    env: 'REMUDA_API_ORIGINS',
    about: 'Origins, separated by commas, whose pages may use the api from a browser. Its own origin always may.',
    unit: 'list',
    default: [] as readonly string[],
    parse: originList,
  },
  hosts: {
    env: 'REMUDA_API_HOSTS',
    about:
      'Host names, separated by commas, by which the api is reached, in addition to localhost and its own addresses.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  tokens: {
    env: 'REMUDA_API_TOKENS',
    about: 'Whether each request needs a token: an API key or a JWT. Default: if JWTs are configured.',
    unit: '0 or 1',
    default: undefined,
    parse: yesOrNo,
  },
  allowNoTokens: {
    env: 'REMUDA_ALLOW_NO_TOKENS',
    about:
      'Starts the api without tokens also where others can reach it. Anyone there can submit jobs and steer the cluster.',
    unit: '0 or 1',
    default: false,
    parse: yesOrNo,
  },
  secretKeys: secretKeysSetting,
  jwtSecret: {
    env: 'REMUDA_JWT_SECRET',
    about: 'Secret that signs the JWTs (HS256), at least 32 characters.',
    unit: 'string',
    default: undefined,
    secret: true,
    parse: readJwtSecret,
  },
  jwksUrl: {
    env: 'REMUDA_JWKS_URL',
    about: "Where the public keys of the JWTs' issuer are, as a JWK set. Needs an issuer and an audience.",
    unit: 'url',
    default: undefined,
    parse: readJwksUrl,
  },
  jwtIssuer: {
    env: 'REMUDA_JWT_ISSUER',
    about: 'Issuer (`iss`) that JWTs must have.',
    unit: 'string',
    default: undefined,
    parse: text,
  },
  jwtAudience: {
    env: 'REMUDA_JWT_AUDIENCE',
    about: 'Audience (`aud`) that JWTs must have.',
    unit: 'string',
    default: undefined,
    parse: text,
  },
  jwtTenantClaim: {
    env: 'REMUDA_JWT_TENANT_CLAIM',
    about: 'Claim of a JWT that names its tenant.',
    unit: 'string',
    default: 'tenant',
    parse: text,
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'Minimum level of the log lines that are written.',
    unit: logLevels.join(', '),
    default: 'info',
    parse: oneOf(logLevels),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The api's settings, read. */
export type ApiSettings = SettingsOf<typeof apiSettings>;
