// A block that shows commands with what they print: each command after `$ `, as a terminal shows it.
import { type Block } from './page.ts';

/** A command of a page, with what the page says of it. */
export interface Shown {
  /** Of the page, the command's own first line, and the command. */
  readonly block: Block;
  /** The lines that it prints; undefined: the page does not show any. */
  readonly output: readonly string[] | undefined;
  /** `# ends with 1` after a command: its exit code. Default: 0. */
  readonly exit: number;
}

const PROMPT = /^\$ /;
const CONTINUES = /\\$/;
const EXIT = / +# ends with (\d+)\b.*$/;

/** Whether a block is a session. */
export const isSession = (text: string) => PROMPT.test(text);

/** The commands of a session, or of a block that has nothing but commands. */
export function shownIn(block: Block): readonly Shown[] {
  const lines = block.text.split('\n');
  const session = isSession(block.text);
  const starts = lines.flatMap((text, index) => (startsCommand(lines, index, session) && text !== '' ? [index] : []));
  return starts.map((start, position) => {
    const all = lines.slice(start, starts[position + 1] ?? lines.length);
    const count = lengthOf(all);
    const text = all.slice(0, count).join('\n').replace(PROMPT, '');
    const output = trimmed(all.slice(count));
    return {
      block: { ...block, line: block.line + start, text: text.replace(EXIT, '') },
      output: session && output.length > 0 ? output : undefined,
      exit: Number(EXIT.exec(text)?.[1] ?? 0),
    };
  });
}

function startsCommand(lines: readonly string[], index: number, session: boolean): boolean {
  const text = lines[index] ?? '';
  return session ? PROMPT.test(text) : !CONTINUES.test(lines[index - 1] ?? '');
}

/** How many lines the first command has: those that a `\` continues, and those of a text after `<<'END'`. */
function lengthOf(lines: readonly string[]): number {
  let count = 1;
  while (CONTINUES.test(lines[count - 1] ?? '') && count < lines.length) count++;
  const word = /<<-? *'?(\w+)'?/.exec(lines[0] ?? '')?.[1];
  const end = word === undefined ? -1 : lines.indexOf(word);
  return Math.max(count, end + 1);
}

function trimmed(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, end + 1);
}
