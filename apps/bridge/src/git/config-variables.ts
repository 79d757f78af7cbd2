/** Configuration of git as variables, so that it appears in no process list and no file. */
export function configVariables(config: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(config).flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${String(i)}`, key],
    [`GIT_CONFIG_VALUE_${String(i)}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(pairs.length / 2), ...(Object.fromEntries(pairs) as Record<string, string>) };
}
