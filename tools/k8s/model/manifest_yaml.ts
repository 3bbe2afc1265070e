// Objects as YAML that every reader takes for the same: those of YAML 1.2, and those of 1.1, as kubectl, Argo CD and Flux.
import { Document, visit } from 'yaml';
import type { KubeObject } from './object.ts';

// What Go reads as numbers though neither schema of YAML says so, and keys with a meaning of their own.
const ALSO_QUOTED = /^[-+]?0[oO][0-7_]+$|^[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?$|^(<<|=)$/;

/** One document: `yes`, `on` or `1_000` in it are quoted where they are texts. Ends with a line break. */
export function manifestYaml(object: KubeObject | Readonly<Record<string, unknown>>): string {
  // The wider one of the two schemas decides which texts are quoted.
  const document = new Document(object, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && ALSO_QUOTED.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Documents, one after another. */
export function manifestsYaml(objects: readonly KubeObject[]): string {
  return objects.map(manifestYaml).join('---\n');
}
