/** The part of Lua's grammar that Redis scripts of this project use. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly table: Expression; readonly key: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [string, Expression])[] }
  | { readonly kind: 'not' | 'length' | 'minus'; readonly value: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression };

export type Statement =
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly params: readonly string[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'local'; readonly names: readonly string[]; readonly values: readonly Expression[] }
  | { readonly kind: 'assign'; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'return'; readonly value?: Expression }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly when: Expression; readonly then: readonly Statement[] }[];
      readonly otherwise?: readonly Statement[];
    }
  | {
      readonly kind: 'count';
      readonly name: string;
      readonly from: Expression;
      readonly to: Expression;
      readonly step?: Expression;
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'each';
      readonly names: readonly string[];
      readonly list: Expression;
      readonly body: readonly Statement[];
    };

interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  readonly text: string;
}

const pattern =
  /\s+|--[^\n]*|(?<number>0x[0-9a-fA-F]+|\d+(?:\.\d+)?)|(?<word>[A-Za-z_]\w*)|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<sign>\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\].,;])/gy;

function tokens(source: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(source)?.groups;
    if (!groups) throw new Error(`The simulation can't read this Lua: ${source.slice(at, at + 40)}`);
    if (groups['number']) found.push({ kind: 'number', text: groups['number'] });
    else if (groups['word']) found.push({ kind: 'word', text: groups['word'] });
    else if (groups['text']) found.push({ kind: 'text', text: groups['text'].slice(1, -1).replace(/\\(.)/g, '$1') });
    else if (groups['sign']) found.push({ kind: 'sign', text: groups['sign'] });
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

const strength: Readonly<Record<string, number>> = {
  ...{ or: 1, and: 2 },
  ...{ '<': 3, '>': 3, '<=': 3, '>=': 3, '~=': 3, '==': 3 },
  ...{ '..': 4, '+': 5, '-': 5, '*': 6, '/': 6, '%': 6 },
};
const unaryStrength = 7;

/** Reads a script's text. */
export class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokens(source);
  }

  parse(): readonly Statement[] {
    const found = this.#block();
    if (this.#next.kind !== 'end') this.#fail();
    return found;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #fail(): never {
    throw new Error(`The simulation can't read this Lua at: ${this.#next.text}`);
  }

  #is(text: string): boolean {
    return this.#next.text === text && (this.#next.kind === 'sign' || this.#next.kind === 'word');
  }

  #skip(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #want(text: string): void {
    if (!this.#skip(text)) this.#fail();
  }

  #word(): string {
    if (this.#next.kind !== 'word') this.#fail();
    return this.#tokens[this.#at++]!.text;
  }

  #block(): Statement[] {
    const found: Statement[] = [];
    while (this.#next.kind !== 'end' && !['end', 'else', 'elseif'].some((word) => this.#is(word))) {
      found.push(this.#statement());
      this.#skip(';');
    }
    return found;
  }

  #statement(): Statement {
    if (this.#skip('local')) {
      if (this.#skip('function')) return this.#function();
      const names = this.#names();
      this.#want('=');
      return { kind: 'local', names, values: this.#expressions() };
    }
    if (this.#skip('if')) return this.#if();
    if (this.#skip('for')) return this.#for();
    if (this.#skip('return')) {
      const bare = this.#next.kind === 'end' || ['end', 'else', 'elseif'].some((word) => this.#is(word));
      return bare ? { kind: 'return' } : { kind: 'return', value: this.#expression() };
    }
    const target = this.#suffixed();
    if (target.kind === 'call') return { kind: 'call', call: target };
    this.#want('=');
    return { kind: 'assign', target, value: this.#expression() };
  }

  #function(): Statement {
    const name = this.#word();
    this.#want('(');
    const params = this.#is(')') ? [] : this.#names();
    this.#want(')');
    const body = this.#block();
    this.#want('end');
    return { kind: 'function', name, params, body };
  }

  #names(): string[] {
    const names = [this.#word()];
    while (this.#skip(',')) names.push(this.#word());
    return names;
  }

  #expressions(): Expression[] {
    const found = [this.#expression()];
    while (this.#skip(',')) found.push(this.#expression());
    return found;
  }

  #if(): Statement {
    const branches: { when: Expression; then: Statement[] }[] = [];
    do {
      const when = this.#expression();
      this.#want('then');
      branches.push({ when, then: this.#block() });
    } while (this.#skip('elseif'));
    const otherwise = this.#skip('else') ? { otherwise: this.#block() } : {};
    this.#want('end');
    return { kind: 'if', branches, ...otherwise };
  }

  #for(): Statement {
    const names = this.#names();
    if (this.#skip('in')) {
      if (this.#word() !== 'ipairs') this.#fail();
      this.#want('(');
      const list = this.#expression();
      this.#want(')');
      return { kind: 'each', names, list, body: this.#body() };
    }
    this.#want('=');
    const from = this.#expression();
    this.#want(',');
    const to = this.#expression();
    const step = this.#skip(',') ? { step: this.#expression() } : {};
    return { kind: 'count', name: names[0]!, from, to, ...step, body: this.#body() };
  }

  #body(): Statement[] {
    this.#want('do');
    const body = this.#block();
    this.#want('end');
    return body;
  }

  #expression(above = 0): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = this.#next.text;
      const own = this.#next.kind === 'sign' || this.#next.kind === 'word' ? strength[operator] : undefined;
      if (own === undefined || own <= above) return left;
      this.#at++;
      // Concatenation binds to the right.
      const right = this.#expression(operator === '..' ? own - 1 : own);
      left = { kind: 'binary', operator, left, right };
    }
  }

  #unary(): Expression {
    if (this.#skip('not')) return { kind: 'not', value: this.#expression(unaryStrength) };
    if (this.#skip('#')) return { kind: 'length', value: this.#expression(unaryStrength) };
    if (this.#skip('-')) return { kind: 'minus', value: this.#expression(unaryStrength) };
    const { kind, text } = this.#next;
    if (kind === 'number' || kind === 'text') {
      this.#at++;
      return { kind: 'literal', value: kind === 'number' ? Number(text) : text };
    }
    if (this.#skip('nil')) return { kind: 'literal', value: null };
    if (this.#skip('true')) return { kind: 'literal', value: true };
    if (this.#skip('false')) return { kind: 'literal', value: false };
    if (this.#skip('{')) return this.#table();
    return this.#suffixed();
  }

  #table(): Expression {
    const items: Expression[] = [];
    const fields: (readonly [string, Expression])[] = [];
    while (!this.#skip('}')) {
      const named = this.#next.kind === 'word' && this.#tokens[this.#at + 1]?.text === '=';
      if (named) {
        const name = this.#word();
        this.#want('=');
        fields.push([name, this.#expression()]);
      } else items.push(this.#expression());
      if (!this.#is('}')) this.#want(',');
    }
    return fields.length > 0 ? { kind: 'record', fields } : { kind: 'list', items };
  }

  #suffixed(): Expression {
    let found: Expression;
    if (this.#skip('(')) {
      found = this.#expression();
      this.#want(')');
    } else {
      let name = this.#word();
      // Only libraries have names with a dot here; tables are indexed by brackets.
      while (this.#skip('.')) name += `.${this.#word()}`;
      if (this.#skip('(')) {
        const args = this.#is(')') ? [] : this.#expressions();
        this.#want(')');
        found = { kind: 'call', name, args };
      } else found = { kind: 'name', name };
    }
    while (this.#skip('[')) {
      found = { kind: 'index', table: found, key: this.#expression() };
      this.#want(']');
    }
    return found;
  }
}
