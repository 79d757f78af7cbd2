import tseslint from 'typescript-eslint';

const clockAndChance = 'Time and chance come in through a port (Clock): a test moves them.';
const environment = 'Only main.ts reads the environment, through readSettings.';

/** The wall clock, in both ways to read it. */
const dateNow = { object: 'Date', property: 'now', message: clockAndChance };
const newDate = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clockAndChance };

/** Everything that runs must not read the environment, or the wall clock, by itself. */
const noSurroundings = {
  'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environment }, dateNow],
  'no-restricted-syntax': ['error', newDate],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'node:process', importNames: ['env'], message: environment },
        { name: 'process', message: 'Use the global.' },
      ],
    },
  ],
};

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', 'coverage/', 'libs/client/src/schema.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}', 'apps/local/src/**/*.mjs'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-console': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    // In JavaScript a JSDoc type on a declaration is the only cast there is.
    files: ['**/*.mjs'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  { files: ['{libs,apps}/**/*.{ts,tsx}'], ignores: ['**/main.ts', '**/*.test.ts'], rules: noSurroundings },
  // the clocks that all others are given
  {
    files: ['libs/runtime/src/clock.ts', 'apps/console/src/shell/clock.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['libs/domain/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'performance',
        'process',
        'console',
        'crypto',
      ],
      'no-restricted-properties': ['error', dateNow, { object: 'Math', property: 'random', message: clockAndChance }],
      'no-restricted-syntax': ['error', newDate],
    },
  },
  {
    // Printing is what these are for.
    files: ['apps/local/**/*.{ts,mjs}', 'bench/**/*.ts', '**/main.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // Tests look at what they know to be there, and at any shape that came over the wire.
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts', 'libs/testing/**/*.ts'],
    rules: {
      // A stand-in keeps the shape of what it stands in for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
