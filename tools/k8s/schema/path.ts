// Where in an object something is: `spec.containers[0].image`, `metadata.annotations["a.b/c"]`.

/** Fields and places in lists, from the object down. */
export type Path = readonly (string | number)[];

/** A path as people write it. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The path that a JSON pointer (RFC 6901) means in `value`. */
export function pathOfPointer(value: unknown, pointer: string): Path {
  const path: (string | number)[] = [];
  let current = value;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(current) ? Number(name) : name);
    current = valueAt(current, path.slice(-1));
  }
  return path;
}

/** What is at a path; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[part];
  }
  return current;
}
