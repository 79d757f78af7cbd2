type Node = Readonly<Record<string, unknown>>;

/** The schemas of a tuple's places, in the words of either draft; undefined for what is no tuple. */
export function tupleOf({ prefixItems, items }: Node): readonly unknown[] | undefined {
  const places: unknown = prefixItems ?? items;
  return Array.isArray(places) && places.length > 0 ? places : undefined;
}

/** The schema of what follows a tuple's places. Default: anything. */
export function restOfTuple({ prefixItems, items, additionalItems }: Node): unknown {
  return (prefixItems === undefined ? additionalItems : items) ?? true;
}
