import { flags, otherNames, type Flag } from './flags.js';

/** A flag of a run by its full name, with its values. */
export interface GivenFlag {
  readonly name: string;
  readonly flag: Flag;
  readonly values: readonly string[];
}

/** The arguments of a run, understood. */
export interface Given {
  readonly flags: readonly GivenFlag[];
  /** The prompt, in most cases. */
  readonly words: readonly string[];
}

/** Why arguments cannot be passed on. */
export interface ArgumentFault {
  readonly fault: string;
}

/**
 * Reads the arguments of a run by the table of flags. Only full names and the short ones of the table are known: no
 * abbreviations, no short flags in one word. Everything after `--` is text.
 */
export function readArguments(args: readonly string[]): Given | ArgumentFault {
  const given: GivenFlag[] = [];
  const words: string[] = [];
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === '--') return { flags: given, words: [...words, ...left] };
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const read = readFlag(arg, left);
    if ('fault' in read) return read;
    const before = given.findIndex(({ name }) => name === read.name);
    if (before >= 0 && read.flag.takes !== 'list') return { fault: `${read.name} is given twice.` };
    given.push(read);
  }
  return { flags: given, words };
}

function readFlag(arg: string, left: string[]): GivenFlag | ArgumentFault {
  const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
  const written = equals < 0 ? arg : arg.slice(0, equals);
  const name = (Object.hasOwn(otherNames, written) ? otherNames[written] : undefined) ?? written;
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (!flag) return { fault: `${written.slice(0, 60)} is not a flag that containers can use.` };
  if (equals < 0) return valuesOf({ name, flag }, left);
  if (flag.takes === 'nothing') return { fault: `${name} takes no value.` };
  return { name, flag, values: [arg.slice(equals + 1)] };
}

/** As Claude Code reads them, but a value that begins with a dash has to be written `--flag=value`. */
function valuesOf({ name, flag }: Omit<GivenFlag, 'values'>, left: string[]): GivenFlag | ArgumentFault {
  const values: string[] = [];
  const isValue = (word: string | undefined): word is string => word !== undefined && !word.startsWith('-');
  const most = flag.takes === 'nothing' ? 0 : flag.takes === 'list' ? Infinity : 1;
  while (values.length < most && isValue(left[0])) values.push(left.shift() ?? '');
  if (values.length === 0 && (flag.takes === 'value' || flag.takes === 'list'))
    return { fault: `${name} needs a value; one that begins with a dash is written ${name}=value.` };
  return { name, flag, values };
}

/**
 * The arguments for Claude Code, written in the one way that can be read in one way only: each value within the word of
 * its flag, and all text after `--`, where it is no flag. Without `--print` a first word such as `mcp` would be a command
 * there as well (CLI 2.1.332): with a space at its end it is none, and Claude Code strips the space from its prompt.
 */
export function writeArguments({ flags: given, words }: Given): string[] {
  const written = given.flatMap(({ name, values }) =>
    values.length === 0 ? [name] : values.map((value) => `${name}=${value}`),
  );
  const [first, ...rest] = words;
  if (first === undefined) return written;
  const isText = given.some(({ name }) => name === '--print') || /\s/.test(first);
  return [...written, '--', isText ? first : `${first} `, ...rest];
}
