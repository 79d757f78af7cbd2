import { fileURLToPath } from 'node:url';

/** Where blobs are kept. */
export type BlobPlace = FilesPlace | S3Place;

/** A folder of this machine, or of a volume that others mount as well. */
export interface FilesPlace {
  readonly kind: 'files';
  readonly folder: string;
}

/** A bucket. */
export interface S3Place {
  readonly kind: 's3';
  /** Endpoint and bucket: `https://s3.eu-central-1.amazonaws.com/my-bucket`. */
  readonly bucketUrl: string;
  readonly region: string;
  /** Prefix of all objects, without slashes at its ends; '' for none. */
  readonly prefix: string;
}

const expected =
  'expected file:///folder, or s3://bucket/prefix?region=…&endpoint=https://… (the endpoint is for others than AWS)';

/**
 * Reads `file:///folder` or `s3://bucket/prefix?region=…&endpoint=…`. The default endpoint is AWS's own of that region,
 * and the default region `us-east-1`. Throws an Error that says what was expected.
 */
export function readBlobPlace(text: string): BlobPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'file:' && url.host === '') return { kind: 'files', folder: fileURLToPath(url) };
  if (url?.protocol !== 's3:') throw new Error(expected);
  if (url.username !== '' || url.password !== '')
    throw new Error('expected no key in the URL: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have it');
  return s3Place(url);
}

function s3Place(url: URL): S3Place {
  const { host: bucket, pathname, searchParams: more } = url;
  const prefix = pathname.replace(/^\/+|\/+$/g, '');
  const region = more.get('region') ?? 'us-east-1';
  const endpoint = more.get('endpoint') ?? `https://s3.${region}.amazonaws.com`;
  const unknown = [...more.keys()].filter((name) => !['region', 'endpoint'].includes(name));
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(bucket) || !/^[A-Za-z0-9/._-]*$/.test(prefix) || unknown.length > 0)
    throw new Error(expected);
  if (!/^[a-z0-9-]+$/.test(region) || !URL.canParse(endpoint) || !/^https?:\/\//.test(endpoint))
    throw new Error(expected);
  return { kind: 's3', bucketUrl: `${endpoint.replace(/\/+$/, '')}/${bucket}`, region, prefix };
}
