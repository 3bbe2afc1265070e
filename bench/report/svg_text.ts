// Texts of pictures, which do not wrap by themselves. Pure.

/** How wide a character is at 12 px on average, where the font is wide: DejaVu Sans. */
const CHARACTER = 6.5;

/** The height of a line of text. */
export const LINE = 15;

/** Options of {@link textBlock}. */
export interface TextOptions {
  /** What kind of text it is: `case`. */
  readonly kind: string;
  readonly x: number;
  /** The base line of the first line. */
  readonly y: number;
}

/** Text in lines below each other. */
export function textBlock(lines: readonly string[], { kind, x, y }: TextOptions): string {
  const [first = '', ...more] = lines;
  const rest = more.map((line) => ` <tspan x="${x}" dy="${LINE}">${escaped(line)}</tspan>`);
  return `<text class="${kind}" x="${x}" y="${y}">${escaped(first)}${rest.join('')}</text>`;
}

/** The lines of a text that has so much room; a word that has too little stays whole. */
export function linesOf(text: string, width: number): readonly string[] {
  const most = Math.floor(width / CHARACTER);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Text that is no markup. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
