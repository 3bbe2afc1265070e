// Stage 0: the few things that Maven's small XML documents are asked for; not a parser for XML at large.

/** The inner texts of the elements `name` in `xml`, comments removed; elements of that name are not nested there. */
export function elements(xml: string, name: string): readonly string[] {
  const plain = xml.replaceAll(/<!--[^]*?-->/g, '');
  const found = plain.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'g'));
  return [...found].map((match) => match[1] ?? '');
}

/** The text of the first element `name`, trimmed and with entities resolved, or undefined. */
export function elementText(xml: string, name: string): string | undefined {
  const inner = elements(xml, name)[0];
  return inner === undefined ? undefined : unescapeXml(inner.trim());
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', apos: "'", gt: '>', lt: '<', quot: '"' };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(amp|apos|gt|lt|quot);/g, (_match, name: string) => ENTITIES[name] ?? '');
}
