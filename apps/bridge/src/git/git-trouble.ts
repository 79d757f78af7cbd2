/**
 * Git messages about transient faults, which a retry may not meet again: of the network, the server, or this host's
 * disk.
 */
const trouble = new RegExp(
  [
    'Could not resolve (host|hostname|proxy)',
    'Temporary failure in name resolution',
    'Connection (refused|reset|timed out|closed)',
    "(Couldn't|Could not|Failed to) connect",
    'Operation (timed out|too slow)',
    'No route to host',
    'Network is unreachable',
    'The requested URL returned error: (408|425|429|5\\d\\d)',
    'RPC failed',
    'early EOF',
    'hung up unexpectedly',
    'unexpected disconnect',
    'gnutls_handshake|SSL_ERROR_SYSCALL|SSL_connect',
    'No space left on device',
    'Disk quota exceeded',
    'Cannot allocate memory',
  ].join('|'),
  'i',
);

/** Whether git's output reports a transient fault. */
export function isTrouble(words: string): boolean {
  return trouble.test(words);
}

/** Git messages about a repository that is corrupt. */
const broken = new RegExp(
  [
    'not a git repository',
    "Unable to create '.*\\.lock'",
    'cannot lock ref',
    'could not lock config file',
    'object file .* is empty',
    '(loose|packed) object .* is corrupt',
    'unable to unpack .* header',
    'inflate: ',
    'bad (object|tree object|ref|signature|config)',
    'bad config (line|file)',
    '(object|pack) .*(corrupt|truncated|bad)',
    'packfile .* (cannot be accessed|does not match|is (far )?too short)',
    'missing (blob|tree|commit|object)',
    'unable to (read|parse|resolve) (tree|object|commit|ref)',
    'unresolved deltas',
    'did not send all necessary objects',
    'index-pack failed',
    'invalid HEAD|unable to parse HEAD',
    'Failed to traverse parents',
  ].join('|'),
  'i',
);

/**
 * Whether git's output reports a corrupt mirror and no transient fault; the mirror can then be rebuilt from its origin.
 */
export function isBroken(words: string): boolean {
  return broken.test(words) && !isTrouble(words);
}
