type Json = Readonly<Record<string, unknown>>;

/**
 * A schema whose properties state their defaults in the description. With `default`, client generators treat such a
 * field as always present, and require it in requests.
 */
export function defaultsInWords<T extends object>(schema: T): T {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, Json>> };
  if (properties === undefined) return schema;
  const told = Object.entries(properties).map(([name, property]) => [name, inWords(property)] as const);
  return { ...schema, properties: Object.fromEntries(told) };
}

function inWords({ default: value, description, ...rest }: Json): Json {
  if (value === undefined) return { ...rest, ...(description === undefined ? {} : { description }) };
  const sentence = `Default: ${typeof value === 'string' ? value : JSON.stringify(value)}.`;
  return { ...rest, description: typeof description === 'string' ? `${description} ${sentence}` : sentence };
}
