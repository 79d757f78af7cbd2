import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';

const run = promisify(execFile);

/**
 * The address by which pods reach this machine: `REMUDA_TEST_HOST`, else the one by which it reaches the API server. Rejects where
 * that is a loopback address, which pods can't use.
 */
export async function addressForPods(kubeconfig: string, env = process.env): Promise<string> {
  const named = env['REMUDA_TEST_HOST'] ?? '';
  if (named !== '') return named;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const { hostname, port } = new URL(config.getCurrentCluster()?.server ?? 'https://localhost');
  const socket = connect({ host: hostname, port: Number(port === '' ? 443 : port) });
  await once(socket, 'connect');
  const address = socket.localAddress ?? '';
  socket.destroy();
  if (!address.startsWith('127.') && address !== '::1') return address;
  throw new Error('pods do not reach this machine where it reaches the API server: REMUDA_TEST_HOST has to name it');
}

/** Files of a certificate that is good for the address, and its own authority. Wants openssl. */
export async function certificateFor(address: string, folder: string) {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=bridge of a test', '-addext', `subjectAltName=IP:${address}`];
  await run('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert]);
  return { cert, key };
}
