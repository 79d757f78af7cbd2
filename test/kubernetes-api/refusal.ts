/** An answer of the API server that is not the one that was hoped for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** As the API server words it. */
  get body(): object {
    const { status: code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  }
}

export const notFound = (resource: string, name: string): Refusal =>
  new Refusal(404, 'NotFound', `${resource} "${name}" not found`);

export const forbidden = (verb: string, resource: string, namespace: string): Refusal =>
  new Refusal(
    403,
    'Forbidden',
    `${resource} is forbidden: User "system:serviceaccount:${namespace}:remuda-scheduler" cannot ${verb} resource "${resource}" in API group "" in the namespace "${namespace}"`,
  );

export const expired = (): Refusal =>
  new Refusal(410, 'Expired', 'The resourceVersion for the provided watch is too old.');
