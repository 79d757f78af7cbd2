/** The api's own description of itself, as far as requests are made from it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation | undefined>>>>;
  readonly components?: { readonly schemas?: Schemas };
}

/** Schemas by their names in the document. */
export type Schemas = Readonly<Record<string, Schema>>;

/** A JSON Schema, as far as values are made from it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Schemas;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly example?: unknown;
}

interface DescribedOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

/** A part of the path or the query, or a header. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

/** One endpoint: a method at a path. */
export interface Operation {
  /** `POST /api/v1/jobs/{id}/cancel` */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body?: Schema;
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** Every operation of the document, in its order. */
export function operationsOf(document: ApiDocument): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).flatMap(([key, described]) => {
      if (!methods.includes(key) || described === undefined) return [];
      const body = described.requestBody?.content?.['application/json']?.schema;
      const method = key.toUpperCase();
      return [
        {
          name: `${method} ${path}`,
          method,
          path,
          parameters: described.parameters ?? [],
          ...(body === undefined ? {} : { body }),
        },
      ];
    }),
  );
}
