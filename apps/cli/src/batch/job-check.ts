import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JobRequest, RemudaClient } from '@remuda/client';

/** The faults of a job, by the api's own description of one. */
export type JobCheck = (job: JobRequest) => readonly string[];

/** Makes the check from the OpenAPI document of the api that will get the jobs, so that both know the same fields. */
export async function jobCheckOf(client: RemudaClient): Promise<JobCheck> {
  const document = await client.document();
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
  // The api refuses fields that it does not know.
  const validate = ajv.compile({ $ref: 'api#/components/schemas/SubmitJob', unevaluatedProperties: false });
  return (job) => {
    if (validate(job)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const path = instancePath.slice(1).replaceAll('/', '.');
      const unknown = (params as { readonly unevaluatedProperty?: string }).unevaluatedProperty;
      if (unknown !== undefined) return `${unknown} is no field of a job`;
      return `${path === '' ? 'the job' : path} ${message ?? 'is wrong'}`;
    });
  };
}
