import { readFile } from 'node:fs/promises';
import type {
  AuthenticationV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  RequestContext,
  Watch,
} from '@kubernetes/client-node';
import { said } from '../start-failed.js';
import { startFailed } from '../start-failed.js';

/** The address of the API server, and the namespace of the pods. */
export interface KubernetesConnection {
  /** Path of a kubeconfig; its current context is used. Default: the service account of the pod that this runs in. */
  readonly kubeconfig?: string;
  /** Default: that of the kubeconfig's context, or of the pod that this runs in; otherwise `default`. */
  readonly namespace?: string;
}

/** A connection to an API server. */
export interface Kubernetes {
  readonly core: CoreV1Api;
  readonly authentication: AuthenticationV1Api;
  readonly authorization: AuthorizationV1Api;
  readonly watch: Watch;
  readonly namespace: string;
  /** Address of the API server, for a person. */
  readonly server: string;
}

/** Timeout of a call, in ms. */
export const callLimitMs = 10_000;

const ownNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * Reads the settings of the connection; sends no request. The client is loaded here, since it takes a second and 70 MB,
 * which other runtimes do not need. Rejects with `container.start_failed`.
 */
export async function connect(connection: KubernetesConnection): Promise<Kubernetes> {
  const vendor = await import('@kubernetes/client-node');
  const config = new vendor.KubeConfig();
  try {
    if (connection.kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(connection.kubeconfig);
  } catch (error) {
    const from = connection.kubeconfig ?? 'the service account of this pod';
    throw startFailed(`The connection to Kubernetes cannot be read from ${from}: ${said(error)}`, error);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined)
    throw startFailed(`The kubeconfig ${connection.kubeconfig ?? ''} names no current cluster.`);
  const configuration = vendor.createConfiguration({
    baseServer: new vendor.ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [{ pre: limited, post: (context) => Promise.resolve(context) }],
  });
  return {
    core: new vendor.CoreV1Api(configuration),
    authentication: new vendor.AuthenticationV1Api(configuration),
    authorization: new vendor.AuthorizationV1Api(configuration),
    watch: new vendor.Watch(config),
    namespace: connection.namespace ?? (await ownNamespace(config)),
    server,
  };
}

function limited(context: RequestContext): Promise<RequestContext> {
  context.setSignal(AbortSignal.timeout(callLimitMs));
  return Promise.resolve(context);
}

async function ownNamespace(config: KubeConfig): Promise<string> {
  const named = config.getContextObject(config.getCurrentContext())?.namespace;
  return named ?? (await readFile(ownNamespaceFile, 'utf8').catch(() => 'default')).trim();
}
