import { text } from '@remuda/domain';
import { readSecretKeys } from './secret-box.js';

/** The setting with the keys of given secrets, for the api, which encrypts them, and the scheduler. */
export const secretKeysSetting = {
  env: 'REMUDA_SECRETS_KEY',
  about:
    'Key under which secrets that are given with a job are kept: the same one for apis and schedulers. Several, separated by commas: the first one encrypts, all decrypt. Without it such jobs are refused.',
  unit: '32 bytes in base64 or hexadecimal',
  default: undefined,
  secret: true,
  parse: readSecretKeys,
} as const;

/** The settings of the scheduler's vaults. */
export const vaultSettings = {
  secretsDir: {
    env: 'REMUDA_SECRETS_DIR',
    about:
      'Folder with secrets that jobs can name, as files `<tenant>/<NAME>`. The default tenant has those in variables `REMUDA_SECRET_<NAME>` as well.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
} as const;
