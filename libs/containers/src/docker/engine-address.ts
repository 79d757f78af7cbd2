import type Docker from 'dockerode';

/** Address of a Docker engine, if it differs from `DOCKER_HOST` and the default socket. */
export interface DockerConnection {
  /** Path of its unix socket. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
}

/** The address in use, for a person. */
export function engineAddress(docker: Docker, connection: DockerConnection | undefined): string {
  const modem = docker.modem as { host?: string; port?: number | string; socketPath?: unknown };
  const origin = connection === undefined ? ' (from DOCKER_HOST, or the default where that is not set)' : '';
  if (modem.host) return `tcp://${modem.host}:${String(modem.port ?? '')}${origin}`;
  const path = typeof modem.socketPath === 'string' ? modem.socketPath : '/var/run/docker.sock';
  return `unix://${path}${origin}`;
}
