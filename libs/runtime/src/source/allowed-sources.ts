import type { AllowedSources } from './source-fault.js';

/** An app that is reached by its own addresses only, and only by its own pages. */
export const ownSources: AllowedSources = { hosts: [], origins: [] };

const items = (value: string): readonly string[] =>
  value
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '');

/** Reads host names, separated by commas, each with or without a port. Throws for an invalid one. */
export function hostList(value: string): readonly string[] {
  return items(value).map((item) => {
    if (!/^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(item))
      throw new Error(
        `expected names of hosts, such as remuda.example.com or 10.0.0.7:7373, not ${JSON.stringify(item)}`,
      );
    return item.replace(/^\[(.*)\]/, '$1');
  });
}

/** Reads origins, separated by commas. Throws for an invalid one: a path, a trailing slash, or `*`. */
export function originList(value: string): readonly string[] {
  return items(value).map((item) => {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/.test(item))
      throw new Error(`expected origins, such as https://app.example.com, not ${JSON.stringify(item)}`);
    return item;
  });
}
