// The part of a text around the first of some words.
const BEFORE = 40;
const LENGTH = 150;

/** Pieces of the text, each with whether it is one of the words. */
export function excerpt(text: string, terms: readonly string[]): readonly (readonly [string, boolean])[] {
  const words = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).sort((a, b) => b.length - a.length);
  if (words.length === 0) return [[text.slice(0, LENGTH), false]];
  const pattern = new RegExp(`(${words.join('|')})`, 'giu');
  const hit = text.search(pattern);
  let start = Math.max(hit - BEFORE, 0);
  // It begins with a whole word.
  if (start > 0) start = text.indexOf(' ', start) + 1;
  // And ends with one.
  const end = start + LENGTH < text.length ? Math.max(text.lastIndexOf(' ', start + LENGTH), start) : text.length;
  const part = text.slice(start, end);
  const pieces = part.split(pattern).map((piece, index): readonly [string, boolean] => [piece, index % 2 === 1]);
  const shown = pieces.filter(([piece]) => piece !== '');
  return [
    ...(start > 0 ? [['… ', false] as const] : []),
    ...shown,
    ...(end < text.length ? [[' …', false] as const] : []),
  ];
}
