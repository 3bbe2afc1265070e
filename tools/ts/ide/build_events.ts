// What a build made, from the file of --build_event_json_file: one JSON object a line.
import { fileURLToPath } from 'node:url';

/** A file that a build made. */
export interface BuiltFile {
  /** From the root of the workspace, as if it were a source: `proto/x/v1/x.ts`. */
  readonly path: string;
  /** Where it is. */
  readonly file: string;
}

interface Event {
  readonly namedSetOfFiles?: {
    readonly files?: readonly {
      readonly name: string;
      readonly uri?: string;
      /** The folder of outputs, in parts; sources have none. */
      readonly pathPrefix?: readonly string[];
    }[];
  };
}

/** The files of all events, each once, in the order of their paths. */
export function builtFiles(events: string): readonly BuiltFile[] {
  const found = new Map<string, BuiltFile>();
  for (const line of events.split('\n')) {
    if (line === '') continue;
    for (const { name, uri = '', pathPrefix = [] } of (JSON.parse(line) as Event).namedSetOfFiles?.files ?? []) {
      if (pathPrefix.length > 0 && uri.startsWith('file:')) found.set(name, { path: name, file: fileURLToPath(uri) });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
