// Commands of pages: whether labels, commands of ./fathom and options are those that there are.
import { type Block, place } from './page.ts';

/** A program with its arguments. */
export interface Command {
  readonly block: Block;
  /** Variables that are set before it. */
  readonly variables: readonly string[];
  readonly words: readonly string[];
}

/** The commands of a block; comments are left out, each part of a pipe is a command. */
export function commandsOf(block: Block): readonly Command[] {
  let line = block.line;
  return block.text
    .replaceAll(/\\\n\s*/g, '\u0000')
    .split('\n')
    .flatMap((text) => {
      const at = { ...block, line };
      line += text.split('\u0000').length;
      return splitWords(text.replaceAll('\u0000', ' ')).map((words) => {
        const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
        const variables = words.slice(0, start).map((word) => word.slice(0, word.indexOf('=')));
        return { block: { ...at, text }, variables, words: words.slice(start) };
      });
    });
}

/** The words of the commands of one line, as a shell splits them. */
function splitWords(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const [, quoted, double, plain] of line.matchAll(
    /'([^']*)'|"([^"]*)"|((?:[^\s'"]|(?<=[=\w])'[^']*'|(?<=[=\w])"[^"]*")+)/g,
  )) {
    const word = quoted ?? double ?? plain ?? '';
    if (plain?.startsWith('#')) break;
    if (plain === '|' || plain === '&&') commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
}

/** What commands are checked by. */
export interface KnownCommands {
  /** Commands of ./fathom. */
  readonly fathom: ReadonlySet<string>;
  /** The sources that read the options of a program: `./fathom`, or a label. */
  optionSources(program: string): string | undefined;
  /** `--config=…` of .bazelrc. */
  readonly configs: ReadonlySet<string>;
}

/** Options of Bazel that pages use beside `--config`. */
const BAZEL_OPTIONS = new Set(['only', 'output_groups', 'test_arg', 'test_env', 'test_filter']);

/** What is wrong with a command; its labels are for others to check. */
export function commandProblems(command: Command, known: KnownCommands): readonly string[] {
  const [program = '', name = '', ...rest] = command.words;
  const where = place(command.block);
  if (program === './fathom') {
    if (!known.fathom.has(name)) return [`${where}: ./fathom has no command ${name}`];
    // What follows is kubectl's.
    return name === 'kubectl' ? [] : optionProblems(`./fathom ${name}`, rest, where, known.optionSources('./fathom'));
  }
  if (program !== 'bazel') return [];
  const end = rest.indexOf('--');
  const options = (end < 0 ? rest : rest.slice(0, end)).filter((word) => word.startsWith('--'));
  const problems = options.flatMap((option) => {
    const [, key = '', value = ''] = /^--([^=]*)=?(.*)$/.exec(option) ?? [];
    const isKnown = key === 'config' ? known.configs.has(value) : BAZEL_OPTIONS.has(key);
    return isKnown ? [] : [`${where}: nobody knows ${option} of bazel ${name}`];
  });
  const [label] = labelsOf(command);
  if (end < 0 || label === undefined) return problems;
  return [...problems, ...optionProblems(label, rest.slice(end + 1), where, known.optionSources(label))];
}

function optionProblems(program: string, words: readonly string[], where: string, sources: string | undefined) {
  const options = words.flatMap((word) => /^--([a-z][a-z-]*)/.exec(word)?.[1] ?? []);
  if (options.length > 0 && sources === undefined) return [`${where}: nobody says where the options of ${program} are`];
  return options
    .filter(
      (option) =>
        !new RegExp(`(['"-]|^ +)${option.replace(/^no-/, '(?:no-)?')}(['"]|: \\{|\\b[ =<])`, 'm').test(sources ?? ''),
    )
    .map((option) => `${where}: ${program} has no option --${option}`);
}

/** The labels that a command of Bazel builds or runs. */
export function labelsOf({ words }: Command): readonly string[] {
  if (words[0] !== 'bazel') return [];
  const end = words.indexOf('--');
  return words.slice(2, end < 0 ? undefined : end).filter((word) => !word.startsWith('-'));
}
