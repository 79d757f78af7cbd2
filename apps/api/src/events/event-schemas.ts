import { eventFields, type FieldSchema, type OptionalField } from './event-fields.js';

/** The name of an event's own schema: `job.cancel_requested` is `JobCancelRequestedEvent`. */
export function eventSchemaName(type: string): string {
  const words = type.split(/[._]/).map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${words.join('')}Event`;
}

/** A schema for each event, and `JobEvent`, their union by `type`. */
export function eventSchemas(): Readonly<Record<string, FieldSchema>> {
  const types = Object.entries<Readonly<Record<string, FieldSchema | OptionalField>>>(eventFields);
  const each = types.map(([type, fields]) => [eventSchemaName(type), eventSchema(type, fields)] as const);
  const mapping = types.map(([type]) => [type, refTo(eventSchemaName(type))] as const);
  const jobEvent = {
    description: 'Something that has happened to a job. Clients must ignore types that they do not know.',
    oneOf: mapping.map(([, $ref]) => ({ $ref })),
    discriminator: { propertyName: 'type', mapping: Object.fromEntries(mapping) },
  };
  return { ...Object.fromEntries(each), JobEvent: jobEvent };
}

function eventSchema(type: string, fields: Readonly<Record<string, FieldSchema | OptionalField>>): FieldSchema {
  const known = Object.entries(fields);
  const isOptional = (field: FieldSchema | OptionalField): field is OptionalField => 'optional' in field;
  const data = {
    type: 'object',
    properties: Object.fromEntries(known.map(([name, field]) => [name, isOptional(field) ? field.optional : field])),
    required: known.filter(([, field]) => !isOptional(field)).map(([name]) => name),
  };
  return {
    type: 'object',
    properties: {
      id: { type: 'integer', description: 'Rises by one with each event, across all attempts of the job.' },
      attempt: { type: 'integer', description: 'The attempt it belongs to; 0 before the first.' },
      type: { type: 'string', enum: [type] },
      at: { type: 'integer', description: 'Epoch ms.' },
      data,
    },
    required: ['id', 'attempt', 'type', 'at', 'data'],
  };
}

const refTo = (name: string): string => `#/components/schemas/${name}`;
