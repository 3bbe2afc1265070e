// The program behind an image's sub-targets: `--command NAME --image image.json [arguments of the caller]`.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type MainContext, renderError, runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { userPath } from '../../lib/runfiles.ts';
import { readImage } from '../image/oci_image.ts';
import { buildImageTarget, isLabel } from './built_image.ts';
import { diffImages, diffLines, isSameImage } from './diff.ts';
import { explainImage } from './explain.ts';
import { type InspectedImage, inspectImage } from './inspected.ts';
import { openLayout } from './layout.ts';

/** Arguments that the target gives, before those of the caller. */
const OWN = {
  command: { type: 'string' },
  image: { type: 'string' },
  label: { type: 'string' },
  document: { type: 'string' },
} as const;

/** The caller's arguments, by command. */
const CALLER = {
  explain: { all: { type: 'boolean' }, top: { type: 'string' } },
  diff: { against: { type: 'string' } },
} as const;

await runMain(async (context) => {
  const { values, rest } = parseOwn(context.argv);
  switch (values.command) {
    case 'explain':
      return explain(context, values, rest);
    case 'diff':
      return diff(context, values, rest);
    case 'print':
      // The document may be large, and its reader may stop reading.
      await pipeline(createReadStream(required(values.document, '--document')), process.stdout, { end: false });
      return 0;
    default:
      throw usage(
        `--command is ${values.command ?? 'missing'}`,
        'Run a sub-target of an image: `bazel run X:image.explain`.',
      );
  }
});

type Own = { readonly [name in keyof typeof OWN]?: string | undefined };

function parseOwn(argv: readonly string[]): { readonly values: Own; readonly rest: readonly string[] } {
  const end = argv.indexOf('--caller');
  const own = end < 0 ? argv : argv.slice(0, end);
  const { values } = parseArgs({ args: [...own], options: OWN });
  return { values, rest: end < 0 ? [] : argv.slice(end + 1) };
}

/** Runs `parse`; what it does not like is a user's mistake, not a defect. */
function parseCaller<T>(options: object, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw usage(error instanceof Error ? error.message : String(error), `Options: ${names.join(', ')}.`);
  }
}

async function explain(context: MainContext, own: Own, rest: readonly string[]): Promise<number> {
  const { values } = parseCaller(CALLER.explain, () => parseArgs({ args: [...rest], options: CALLER.explain }));
  const top = values.all === true ? Infinity : Number(values.top ?? 8);
  if (!(top >= 0)) throw usage(`--top is ${values.top ?? ''}`, 'Give a number, or --all.');
  print(explainImage(await ownImage(context, own), { top }));
  return 0;
}

async function diff(context: MainContext, own: Own, rest: readonly string[]): Promise<number> {
  try {
    const { values } = parseCaller(CALLER.diff, () => parseArgs({ args: [...rest], options: CALLER.diff }));
    const { against } = values;
    if (against === undefined) {
      throw usage(
        '--against is missing',
        'Name what to compare with: `-- --against //services/x:image`, or the path of an image layout.',
      );
    }
    const after = await ownImage(context, own);
    const before = await otherImage(context, against, after);
    const found = diffImages(before, after);
    print(diffLines(before, after, found));
    return isSameImage(found) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    // As with diff(1), 1 means that something differs.
    process.stderr.write(`${renderError(error)}\n`);
    return 2;
  }
}

async function ownImage({ env }: MainContext, own: Own): Promise<InspectedImage> {
  const root = env['RUNFILES_DIR'] ?? '';
  const image = await readImage(required(own.image, '--image'), (name) => `${root}/${name}`);
  return inspectImage(image, own.label ?? image.repository);
}

async function otherImage({ env, signal }: MainContext, against: string, own: InspectedImage): Promise<InspectedImage> {
  if (isLabel(against)) return inspectImage(await buildImageTarget(against, { env, signal }), against);
  const { os, architecture } = own.config;
  await using opened = await openLayout(userPath(against, env), { os, architecture });
  return await inspectImage(opened.image, against);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function required(value: string | undefined, name: string): string {
  if (value === undefined)
    throw usage(`${name} is missing`, 'Run a sub-target of an image: `bazel run X:image.explain`.');
  return value;
}

function usage(problem: string, hint: string): ToolError {
  return new ToolError('OCI_USAGE', `Inspecting an image: ${problem}`, { hint });
}
