import { Parser, type Expression, type Statement } from '../../simulation/redis/lua-parser.js';

/** What Redis gives a script besides its own names. */
const given = new Set([
  ...[
    'KEYS',
    'ARGV',
    'redis.call',
    'redis.error_reply',
    'cjson.encode',
    'cjson.decode',
    'string.match',
    'string.format',
  ],
  ...['math.floor', 'tonumber', 'tostring', 'unpack', 'ipairs'],
]);

interface Name {
  used: boolean;
}

/**
 * Faults of a script's text: names that nobody declared (Redis refuses to make a global one, and an unknown one is `nil`), locals that
 * nobody uses, and what the parser can't read.
 */
export function lintLua(text: string): readonly string[] {
  try {
    const lint = new Lint();
    lint.block(new Parser(text.replace(/^#!.*/, '')).parse(), new Map());
    return lint.faults;
  } catch (error) {
    return [String(error)];
  }
}

type Scope = Map<string, Name>;

class Lint {
  readonly faults: string[] = [];

  /** A block has what is around it, and what it declares itself. */
  block(statements: readonly Statement[], around: Scope, names: readonly string[] = []): void {
    const scope = new Map(around);
    const own = names.map((name) => this.#declare(name, scope));
    for (const statement of statements) own.push(...this.#statement(statement, scope));
    for (const { name, use } of own) if (!use.used && !name.startsWith('_')) this.faults.push(`${name} is not used`);
  }

  #declare(name: string, scope: Scope): { readonly name: string; readonly use: Name } {
    const use = { used: false };
    scope.set(name, use);
    return { name, use };
  }

  #use(name: string, scope: Scope): void {
    const base = given.has(name) ? name : (name.split('.')[0] ?? name);
    const known = scope.get(base);
    if (known) known.used = true;
    else if (!given.has(name)) this.faults.push(`${name} is not declared`);
  }

  #statement(s: Statement, scope: Scope): readonly { readonly name: string; readonly use: Name }[] {
    const all = (values: readonly (Expression | undefined)[]): void =>
      values.forEach((value) => value && this.#expression(value, scope));
    switch (s.kind) {
      case 'local':
        all(s.values);
        return s.names.map((name) => this.#declare(name, scope));
      case 'function': {
        const declared = this.#declare(s.name, scope);
        this.block(s.body, scope, s.params);
        return [declared];
      }
      case 'assign':
        all([s.value, s.target]);
        return [];
      case 'call':
        all([s.call]);
        return [];
      case 'return':
        all([s.value]);
        return [];
      case 'if':
        for (const { when, then } of s.branches) {
          all([when]);
          this.block(then, scope);
        }
        this.block(s.otherwise ?? [], scope);
        return [];
      case 'count':
        all([s.from, s.to, s.step]);
        // a loop may count only
        this.block(s.body, new Map(scope).set(s.name, { used: true }));
        return [];
      case 'each': {
        all([s.list]);
        const [place = '_', value = '_'] = s.names;
        this.block(s.body, new Map(scope).set(place, { used: true }), [value]);
        return [];
      }
    }
  }

  #expression(e: Expression, scope: Scope): void {
    const all = (values: readonly Expression[]): void => values.forEach((value) => this.#expression(value, scope));
    switch (e.kind) {
      case 'literal':
        return;
      case 'name':
        this.#use(e.name, scope);
        return;
      case 'index':
        all([e.table, e.key]);
        return;
      case 'list':
        all(e.items);
        return;
      case 'record':
        all(e.fields.map(([, value]) => value));
        return;
      case 'not':
      case 'length':
      case 'minus':
        all([e.value]);
        return;
      case 'call':
        this.#use(e.name, scope);
        all(e.args);
        return;
      case 'binary':
        all([e.left, e.right]);
    }
  }
}
