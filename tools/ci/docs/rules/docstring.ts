// Docstrings: a text, `Args:` with an entry for each parameter, `Returns:`.

export interface Docstring {
  readonly text: string;
  /** `kwargs` for `**kwargs`. */
  readonly args: ReadonlyMap<string, string>;
  readonly returns: string | undefined;
}

/** A docstring without the indentation of the code around it, which the line of the closing quotes has as well. */
export function dedent(docstring: string): string {
  const [first = '', ...rest] = docstring.split('\n');
  const indents = rest
    .filter((line, index) => line.trim() !== '' || index === rest.length - 1)
    .map((line) => line.length - line.trimStart().length);
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  return [first.trim(), ...rest.map((line) => line.slice(indent).trimEnd())].join('\n').trim();
}

/** The sections of a docstring. */
export function parseDocstring(docstring: string): Docstring {
  const sections = dedent(docstring).split(/^(Args|Returns):\n/m);
  const [text = ''] = sections;
  const section = (name: string) => {
    const index = sections.indexOf(name);
    return index < 0 ? undefined : sections[index + 1];
  };
  return {
    text: text.trim(),
    args: entries(section('Args') ?? ''),
    returns: section('Returns')?.trim().replaceAll(/\s+/g, ' '),
  };
}

/** `  name: text`, with lines that are further in as its continuation. */
function entries(section: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let current = '';
  for (const line of section.split('\n')) {
    const [, name, text = ''] = /^ {2}\*{0,2}(\w+): (.*)$/.exec(line) ?? [];
    if (name !== undefined) current = name;
    const words = name === undefined ? line.trim() : text;
    if (words !== '' && current !== '') found.set(current, [found.get(current), words].filter(Boolean).join(' '));
  }
  return found;
}
