import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../apps/local/src/cluster/free-port.js';
import { makeAuthority } from '../../certificates.js';

/** An environment of a cluster whose workers share no folder with the bridge, and reach it by TCP with TLS only. */
export interface TlsOnly extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/** Makes one, with certificates of its own. */
export async function tlsOnly(): Promise<TlsOnly> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-tls-'));
  const { ca, issue } = makeAuthority();
  const { cert, key } = issue({ names: ['localhost'] });
  const put = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const port = String(await freePort());
  return {
    env: {
      REMUDA_BRIDGE_SOCKETS: 'off',
      REMUDA_BRIDGE_LISTEN: `127.0.0.1:${port}`,
      REMUDA_BRIDGE_TLS_CERT: await put('tls.crt', cert),
      REMUDA_BRIDGE_TLS_KEY: await put('tls.key', key),
      REMUDA_BRIDGE: `https://localhost:${port}`,
      REMUDA_BRIDGE_CA: await put('ca.crt', ca),
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
