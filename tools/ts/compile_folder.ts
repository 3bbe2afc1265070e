// The folder in which the compiler works. A process that compiles many targets keeps what it has laid out: of a large
// repo a target needs thousands of declarations, and the one before it had most of them.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A file at `path` (from the action's folder) that its importers know as `name`. */
export interface NamedFile {
  readonly path: string;
  readonly name: string;
}

export interface CompilerFolder {
  /** Where the compiler works: without links on the way, as it names files. */
  readonly root: string;
  /**
   * Lets `root` have the given files and links of node_modules, beside what {@link write} wrote, and nothing that an
   * earlier call asked for: what a target does not declare must not be found.
   */
  fill(files: readonly NamedFile[], packages: readonly NamedFile[]): void;
  /** Writes a file that is there until the next {@link fill}. */
  write(name: string, text: string): void;
  /** Takes everything away, as after a failure between two states. */
  empty(): void;
  /** Takes the folder itself away. */
  remove(): void;
}

/** What was copied. */
interface Copied {
  /** The state of the file that it is of, or undefined where it was too young to tell it from the next one. */
  readonly state: string | undefined;
  /** Its place beside the tree, while nobody wants it. */
  readonly asideAt: string;
}

// Clocks of file systems tick up to every ten milliseconds: what is younger may change without another time.
const SETTLED_MS = 20;

/** A new folder below `parent`. */
export function compilerFolder(parent: string, now: () => number = Date.now): CompilerFolder {
  const home = realpathSync(mkdtempSync(join(parent, 'ts-')));
  const root = join(home, 'tree');
  const aside = join(home, 'aside');
  let copies = new Map<string, Copied>();
  let present = new Set<string>();
  let links = new Map<string, string>();
  let written = new Set<string>();
  let made = new Set<string>();

  const empty = () => {
    for (const folder of [root, aside]) rmSync(folder, { recursive: true, force: true });
    for (const folder of [root, aside]) mkdirSync(folder, { recursive: true });
    [copies, links] = [new Map(), new Map()];
    [present, written, made] = [new Set(), new Set(), new Set()];
  };
  const placeOf = (name: string) => {
    const place = join(root, name);
    const folder = dirname(place);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    return place;
  };
  const fillTree = (files: ReadonlyMap<string, string>, packages: ReadonlyMap<string, string>) => {
    for (const name of written) rmSync(join(root, name), { recursive: true, force: true });
    written.clear();
    // Before any file is written: a link leads out of the folder.
    for (const [name, target] of links) {
      if (packages.get(name) === target) continue;
      rmSync(join(root, 'node_modules', name));
      links.delete(name);
    }
    for (const name of present) {
      if (files.has(name)) continue;
      renameSync(join(root, name), copies.get(name)?.asideAt ?? aside);
      present.delete(name);
    }
    for (const [name, path] of files) {
      const state = stateOf(path, now());
      const copied = copies.get(name);
      const isSame = state !== undefined && copied?.state === state;
      // Programs that tidy up temporary folders take away what nobody has read for days.
      if (isSame && present.has(name) && existsSync(join(root, name))) continue;
      const place = placeOf(name);
      if (isSame && !present.has(name)) {
        renameSync(copied.asideAt, place);
      } else {
        const asideAt = copied?.asideAt ?? join(aside, String(copies.size));
        rmSync(place, { force: true });
        // Unlike a copy, without the mode, and in half the time.
        writeFileSync(place, readFileSync(path));
        copies.set(name, { state, asideAt });
      }
      present.add(name);
    }
    for (const [name, target] of packages) {
      if (links.has(name) && existsSync(join(root, 'node_modules', name))) continue;
      symlinkSync(target, placeOf(join('node_modules', name)));
      links.set(name, target);
    }
  };

  empty();
  return {
    root,
    fill(files, packages) {
      const paths = new Map(files.map(({ name, path }) => [name, path]));
      const targets = new Map(packages.map(({ name, path }) => [name, realpathSync(path)]));
      try {
        fillTree(paths, targets);
      } catch {
        // A file may be where a folder was. Whatever it is, it is told of a folder that has nothing.
        empty();
        fillTree(paths, targets);
      }
    },
    write(name, text) {
      writeFileSync(placeOf(name), text);
      written.add(name);
    },
    empty,
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** By what a file is told from any other. */
function stateOf(path: string, nowMs: number): string | undefined {
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
  if (nowMs - Math.max(mtimeMs, ctimeMs) < SETTLED_MS) return undefined;
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
