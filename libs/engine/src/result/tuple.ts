type Node = Readonly<Record<string, unknown>>;

/** The schemas of a tuple's items, in the syntax of either draft; undefined if it is not a tuple. */
export function tupleOf({ prefixItems, items }: Node): readonly unknown[] | undefined {
  const places: unknown = prefixItems ?? items;
  return Array.isArray(places) && places.length > 0 ? places : undefined;
}

/** The schema of the elements after a tuple's items. Default: anything. */
export function restOfTuple({ prefixItems, items, additionalItems }: Node): unknown {
  return (prefixItems === undefined ? additionalItems : items) ?? true;
}
