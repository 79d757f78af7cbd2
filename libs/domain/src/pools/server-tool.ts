/**
 * What the model API may do for a job in addition to answering, allowed by the `serverTools` of its profile. Each can
 * carry data out of a container without network, and some cost extra.
 */
export const serverTools = [
  /** Web search. */
  'web_search',
  /** Fetching web pages. */
  'web_fetch',
  /** Code execution in a container of the vendor. */
  'code_execution',
  /** Advice from another model, which the job must be allowed to use. */
  'advisor',
  /** MCP servers that the vendor connects to. */
  'mcp',
  /** Images and documents that the vendor fetches from a URL. */
  'urls',
  /** Files that were uploaded to the account, by their id. */
  'files',
] as const;

/** One of `serverTools`. */
export type ServerTool = (typeof serverTools)[number];
