/**
 * The floor plan as rules (docs/architecture.md): imports go down only, never sideways, no circles, one entry point per lib.
 * Paths are relative to the root of the repository, after symlinks.
 */
const floor2 = '^libs/(redis|containers|engine|channel|model|store|blobs|runtime|client)/';
const tests = '(\\.test\\.ts$|^(test|bench)/|^libs/testing/)';
const vendor = (names) => `node_modules/(${names})(/|$)`;
const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    error('no-circles', 'Two files that need each other are one file, or three.', {}, { circular: true }),
    error('no-broken-imports', 'Every import can be found.', {}, { couldNotResolve: true }),
    error(
      'ground-imports-nothing',
      'domain holds our words and pure rules.',
      { path: '^libs/domain/', pathNot: tests },
      { pathNot: '^libs/domain/' },
    ),
    error(
      'protocol-imports-domain-only',
      'What travels is made of our words.',
      { path: '^libs/protocol/', pathNot: tests },
      { pathNot: '^libs/(protocol|domain)/' },
    ),
    error(
      'never-sideways',
      'Adapters of floor 2 do not know each other.',
      { path: floor2 },
      { path: floor2, pathNot: '^libs/$1/' },
    ),
    error(
      'client-stands-alone',
      'It is published by itself: its shapes come from the OpenAPI document.',
      { path: '^libs/client/', pathNot: tests },
      { path: '^(libs/(?!client/)|apps/)' },
    ),
    error(
      'people-by-the-client',
      'The command and the console reach Remuda as anybody does, through its client.',
      { path: '^apps/(cli|console)/', pathNot: tests },
      { path: '^libs/(?!client/)' },
    ),
    error('never-up', 'A lib knows no app.', { path: '^libs/' }, { path: '^apps/' }),
    error(
      'apps-are-apart',
      'Apps meet in Redis and over HTTP.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    error(
      'redis-only-in-redis',
      'One place speaks to Redis.',
      { path: '^(libs|apps)/', pathNot: '^libs/redis/' },
      { path: vendor('bullmq|ioredis') },
    ),
    error(
      'database-only-in-store',
      'One place speaks to PostgreSQL.',
      { path: '^(libs|apps)/', pathNot: '^libs/store/' },
      { path: vendor('pg|kysely|@electric-sql/[^/]+') },
    ),
    error(
      's3-only-in-blobs',
      'One place speaks to S3.',
      { path: '^(libs|apps)/', pathNot: '^libs/blobs/' },
      { path: vendor('s3mini') },
    ),
    error(
      'docker-only-in-containers',
      'One place speaks to Docker.',
      { path: '^(libs|apps)/', pathNot: '^libs/containers/' },
      { path: vendor('dockerode') },
    ),
    error(
      'kubernetes-only-in-containers',
      'One place speaks to Kubernetes.',
      { path: '^(libs|apps)/', pathNot: '^libs/containers/' },
      { path: vendor('@kubernetes/[^/]+') },
    ),
    error(
      'programs-by-the-runner',
      'What the engine starts runs where Claude Code does: by the port, which may lead into another container.',
      { path: '^libs/engine/', pathNot: ['^libs/engine/src/runner/', tests] },
      { path: '^(node:)?child_process$' },
    ),
    error(
      'no-nest-below-the-apps',
      'The worker image needs no NestJS; of the libs only runtime has it.',
      { path: '^(libs/(?!runtime/)|apps/worker/)' },
      { path: vendor('@nestjs/[^/]+') },
    ),
    error(
      'one-entry-per-lib',
      'A lib is entered by its src/index.ts.',
      { pathNot: '^libs/' },
      { path: '^libs/[^/]+/', pathNot: '^libs/[^/]+/src/(index|testing)\\.ts$' },
    ),
    error(
      'one-entry-per-lib-for-libs',
      'A lib is entered by its src/index.ts.',
      { path: '^libs/([^/]+)/' },
      { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/(index|testing)\\.ts$'] },
    ),
    error(
      'testing-entry-only-for-tests',
      'What a lib shows to tests (src/testing.ts) is its inside.',
      { pathNot: tests },
      { path: '^libs/[^/]+/src/testing\\.ts$' },
    ),
    error(
      'not-by-the-own-entry',
      'Nobody imports their own entry point.',
      { path: '^libs/([^/]+)/' },
      { path: '^libs/$1/src/index\\.ts$' },
    ),
    error(
      'testing-only-for-tests',
      'Fakes and builders stay out of what is run.',
      { pathNot: tests },
      { path: '^libs/testing/' },
    ),
    error(
      'tests-only-for-tests',
      'What is run does not import tests.',
      { path: '^(libs|apps)/', pathNot: tests },
      { path: '(^test/|\\.test\\.ts$)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
