// Files of YAML or JSON as objects of Kubernetes, and as files of rules.
import { parseAllDocuments } from 'yaml';
import { isRecord, shown } from '../dashboards/values.ts';
import { ToolError } from '../lib/errors.ts';

/** A file, by the name that messages have for it. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

export type Entry = Readonly<Record<string, unknown>>;

/** An object of Kubernetes, or, without a kind, a file of rules as Prometheus itself reads it. */
export interface SourceObject {
  /** What messages call it. */
  readonly where: string;
  readonly value: Entry;
}

/** The documents of a file. Throws MONITORING_UNREADABLE. */
export function readDocuments({ file, text }: SourceFile): readonly unknown[] {
  try {
    return parseAllDocuments(text).map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as unknown;
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ToolError('MONITORING_UNREADABLE', `Reading ${file}: ${problem.trim()}`, {
      hint: 'Name rendered manifests, files of rules, or tests of rules.',
      cause,
    });
  }
}

/** The objects of a file, those of lists included. Throws MONITORING_UNREADABLE. */
export function readObjects(source: SourceFile): readonly SourceObject[] {
  return readDocuments(source)
    .filter((value) => value !== null)
    .flatMap(itemsOf)
    .map((value) => {
      const entry = recordOf(value);
      const { kind } = entry;
      if (typeof kind === 'string')
        return { where: `${source.file}: ${kind} ${String(recordAt(entry, 'metadata')['name'] ?? '')}`, value: entry };
      if (kind === undefined && 'groups' in entry) return { where: source.file, value: entry };
      throw new ToolError(
        'MONITORING_UNREADABLE',
        `Reading ${source.file}: it has neither kind nor groups: ${shown(value)}`,
        {
          hint: 'Name manifests, which have a kind, and files of rules, which have groups.',
        },
      );
    });
}

function itemsOf(value: unknown): readonly unknown[] {
  const items = isRecord(value) ? value['items'] : value;
  return Array.isArray(items) ? items : [value];
}

export function recordOf(value: unknown): Entry {
  return isRecord(value) ? value : {};
}

/** What is at a path; nothing where there is no object. */
export function recordAt(value: Entry, ...path: readonly string[]): Entry {
  return path.reduce((at, name) => recordOf(at[name]), value);
}
