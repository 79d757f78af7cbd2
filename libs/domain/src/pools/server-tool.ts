/**
 * What the model's own side may do for a job besides answering, opened by the `serverTools` of its profile. Each lets a container
 * without a network have bytes carried out of it, and some cost money of their own.
 */
export const serverTools = [
  /** Searches of the web. */
  'web_search',
  /** Pages fetched from the web. */
  'web_fetch',
  /** Code that runs in a container of the vendor's. */
  'code_execution',
  /** Another model that is asked for advice; it has to be one that the job may use. */
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
