// YAML and JSON of files that hold secrets: the parsers' own words quote the text, which must get into no log.
import { YAMLParseError, parse } from 'yaml';

/** What is wrong with a text, without any of it. Has no cause: that would quote it. */
export class UnreadableYaml extends Error {}

/** The value of a YAML or JSON text. Throws UnreadableYaml. */
export function readYaml(text: string): unknown {
  if (text.startsWith('{')) {
    // What Fathom writes is JSON, which is much faster to read.
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // It may still be YAML; if not, the place of the mistake comes from there.
    }
  }
  try {
    return parse(text, { prettyErrors: false, logLevel: 'error' }) as unknown;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw new UnreadableYaml('it is no YAML');
    throw new UnreadableYaml(`it is no YAML: ${placeOf(text, error.pos[0])}: ${error.code}`);
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
