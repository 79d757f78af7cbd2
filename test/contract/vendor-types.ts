import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Something of another package in what a file exports: the way to it from the export, and the package. */
export type Crossing = `${string}: ${string}`;

/**
 * The types of these packages that whoever imports the file comes to see: by way of what it exports, its public members, parameters
 * and results. Types of the standard library and of other packages are not looked into.
 */
export function vendorTypesOf(file: string, packages: readonly string[]): readonly Crossing[] {
  const root = join(import.meta.dirname, '../..');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => readFileSync(path, 'utf8')) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([file], { ...options, noEmit: true, composite: false });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is no module.`);
  const look = new Look(checker, packages);
  for (const symbol of checker.getExportsOfModule(module)) look.at(symbol);
  return [...look.found];
}

/** Goes through types, each once. */
class Look {
  readonly found = new Set<Crossing>();
  readonly #seen = new Set<ts.Type>();

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly packages: readonly string[],
  ) {}

  at(exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Value) this.#type(this.checker.getTypeOfSymbol(symbol), symbol.name);
    if (symbol.flags & ts.SymbolFlags.Type) this.#type(this.checker.getDeclaredTypeOfSymbol(symbol), symbol.name);
  }

  #type(type: ts.Type, way: string): void {
    const vendor = this.#packageOf(type.getSymbol()) ?? this.#packageOf(type.aliasSymbol);
    if (vendor !== undefined && this.packages.includes(vendor)) this.found.add(`${way}: ${vendor}`);
    if (this.#seen.has(type)) return;
    this.#seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) this.#type(part, way);
    for (const given of this.checker.getTypeArguments(type as ts.TypeReference)) this.#type(given, way);
    for (const given of type.aliasTypeArguments ?? []) this.#type(given, way);
    if (vendor === undefined) this.#members(type, way);
  }

  #members(type: ts.Type, way: string): void {
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters())
        this.#type(this.checker.getTypeOfSymbol(parameter), `${way}(${parameter.name})`);
      this.#type(signature.getReturnType(), way);
    }
    for (const member of type.getProperties())
      if (isPublic(member)) this.#type(this.checker.getTypeOfSymbol(member), `${way}.${member.name}`);
    for (const base of type.isClassOrInterface() ? this.checker.getBaseTypes(type) : []) this.#type(base, way);
  }

  /** The package that declares it; undefined for what is ours. */
  #packageOf(symbol: ts.Symbol | undefined): string | undefined {
    const path = symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
    return /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1];
  }
}

function isPublic(member: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const declarations = member.declarations ?? [];
  return declarations.every(
    (each) =>
      (ts.getCombinedModifierFlags(each) & hidden) === 0 &&
      !(ts.isClassElement(each) && each.name && ts.isPrivateIdentifier(each.name)),
  );
}
