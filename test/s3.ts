import { startFauxqs } from 'fauxqs';

/** An S3 server of a test's own, with one bucket. */
export interface TestS3 extends AsyncDisposable {
  /** For `REMUDA_BLOBS_URL`. */
  readonly url: string;
  /** The key that its clients need. */
  readonly env: { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };
  /** Stops it, as in an outage. */
  close(): Promise<void>;
}

/** Starts an S3 server on loopback. */
export async function startS3(): Promise<TestS3> {
  const server = await startFauxqs({ port: 0, logger: false, init: { buckets: ['files'] } });
  let stopped: Promise<void> | undefined;
  const close = (): Promise<void> => (stopped ??= server.stop());
  return {
    url: `s3://files/of/remuda?endpoint=http://127.0.0.1:${String(server.port)}`,
    env: { AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-tests' },
    close,
    [Symbol.asyncDispose]: close,
  };
}
