/** Branches that git takes and teams use. */
export const goodRefs = [
  'main',
  'feature/#123-fix',
  'feat(api)-x',
  'renovate/a,b',
  'wip!',
  'a=b',
  '功能/登录',
  'développement',
  "it's",
  'a&b',
  'AB#12',
  'v1.x-lts',
  'dependabot/npm_and_yarn/@types/node-20.1.0',
  'user@host',
  '100%',
  'a$b;c|d',
] as const;

/** What a client should hear of at once. */
export const refusedRefs = [
  '',
  'origin/main',
  '-dash',
  'a..b',
  'x.lock',
  '@',
  'a b',
  'a:b',
  'a//b',
  '/a',
  'a/',
  'a.',
  '.a',
  'a@{1}',
  'x*',
] as const;
