// Compiles Java to a jar, the same bytes each time. The compiler is Eclipse's, a jar that runs on the packed runtime.
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { systemErrorCode, ToolError } from '../lib/errors.ts';

/** What the rules of Java ask for. */
export interface CompileRequest {
  /** The target, for messages. */
  readonly label: string;
  /** The program `java`. */
  readonly java: string;
  /** The jar of the compiler. */
  readonly compiler: string;
  /** Sources, and directories of them. */
  readonly sources: readonly string[];
  readonly classPath: readonly string[];
  /** Path in the jar → file: what the classes read. */
  readonly resources: Readonly<Record<string, string>>;
  /** The jar. */
  readonly output: string;
}

/** What the compiler said, as data: https://www.eclipse.org/jdt/core/compiler_32_006.dtd. */
const IMPORT_NOT_FOUND = /<problem [^>]*\bid="ImportNotFound"/;

/** 1980 is the first year that a zip archive knows. */
const JAR_TIME = new Date(1980, 0, 1);

/** Makes the jar. Throws JAVA_COMPILE_FAILED and JAVA_IMPORT_MISSING with file and line. */
export async function compileJava(request: CompileRequest): Promise<void> {
  const work = await mkdtemp(join(process.cwd(), 'java-'));
  try {
    const classes = join(work, 'classes');
    await mkdir(classes);
    await runCompiler(request, { work, classes });
    await writeFile(request.output, await jarOf(classes, request.resources));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runCompiler(request: CompileRequest, place: { work: string; classes: string }): Promise<void> {
  const { label, java, compiler, classPath } = request;
  const { work, classes } = place;
  const sources = (await Promise.all(request.sources.map(sourcesOf))).flat().sort();
  if (sources.length === 0) return;
  const log = join(work, 'log.xml');
  const list = join(work, 'sources');
  await writeFile(list, sources.map((source) => `"${source}"\n`).join(''));
  // An empty folder: where none is given the compiler's own classes would be found.
  const path = [classes, ...classPath].join(':');
  const args = ['-source', '21', '-target', '21', '-encoding', 'UTF-8', '-proc:none', '-g', '-parameters', '-nowarn'];
  const output = await new Promise<string | undefined>((settle) => {
    execFile(
      java,
      [...JVM_FLAGS, '-jar', compiler, ...args, '-Xemacs', '-log', log, '-classpath', path, '-d', classes, `@${list}`],
      { maxBuffer: 1 << 26, env: {} },
      (error, stdout, stderr) => settle(error === null ? undefined : `${stdout}${stderr}`.trim() || error.message),
    );
  });
  if (output === undefined) return;
  // The compiler follows the links of which a sandbox consists.
  const said = sources.reduce(
    (text, source) => text.replaceAll(`${realpathSync(source)}:`, `${shownPath(source)}:`),
    output,
  );
  const problems = await readFile(log, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return '';
  });
  const isImport = IMPORT_NOT_FOUND.test(problems);
  throw new ToolError(isImport ? 'JAVA_IMPORT_MISSING' : 'JAVA_COMPILE_FAILED', `Compiling ${label}:\n${said}`, {
    hint: isImport
      ? `Name the target, or the artifact \`@maven//:<group>_<artifact>\`, that has it in 'deps' of ${label}. A new artifact ` +
        'comes into the list beside the lock first, `bazel run @fathom//tools/packages:maven_pin -- <list>.json` locks it.'
      : 'Correct the sources at the lines above.',
  });
}

/** A source's path in the workspace: that of one that a rule made begins with its output folder. */
function shownPath(source: string): string {
  return source.replace(/^bazel-out\/[^/]+\/bin\//, '');
}

/** A short life does not pay for more: no second compiler, one thread that collects. */
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Duser.language=en'];

/** A source, or all sources in a folder. */
async function sourcesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names.filter((name) => name.endsWith('.java')).map((name) => join(path, name));
}

/** A jar of a folder's files and of others; sorted, and without the times of files. */
export async function jarOf(folder: string, others: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const files = new Map<string, string>(Object.entries(others));
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(relative(folder, path), path);
  }
  const content: Zippable = {};
  for (const name of [...files.keys()].sort()) content[name] = await readFile(resolve(files.get(name) ?? ''));
  return zipSync(content, { level: 6, mtime: JAR_TIME, os: 3 });
}
