// Renders what a request of jsonnet_to_json says.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolError } from '../lib/errors.ts';
import type { Outcome, RenderRequest } from './request.ts';

/** Evaluates the program of a request; `multiple`: whether each field of its value is an output. */
export type Evaluate = (request: RenderRequest, multiple: boolean) => Promise<Outcome>;

/** Renders; throws JSONNET_FAILED with Jsonnet's own message (file, line, column), which the outcome of a test holds. */
export async function render(request: RenderRequest, evaluate: Evaluate): Promise<void> {
  const { output } = request;
  const outcome = await evaluate(request, output.kind === 'outcome' ? output.multiple : output.kind !== 'file');
  if (output.kind === 'outcome') return writeFile(request.capture, JSON.stringify(outcome));
  checkSuccess(request, outcome);
  switch (output.kind) {
    case 'file':
      return writeFile(output.path, outcome.files[''] ?? '');
    case 'files':
      return writeFiles(request, { files: output.files, made: outcome.files });
    case 'folder':
      for (const [name, text] of Object.entries(outcome.files)) {
        const place = join(output.path, name);
        await mkdir(dirname(place), { recursive: true });
        await writeFile(place, text);
      }
  }
}

interface Outputs {
  readonly files: readonly { readonly key: string; readonly path: string }[];
  /** What the program made, by key. */
  readonly made: Readonly<Record<string, string>>;
}

async function writeFiles(request: RenderRequest, { files, made }: Outputs): Promise<void> {
  const names = Object.keys(made).sort();
  const wanted = files.map((file) => file.key).sort();
  if (names.join('\n') !== wanted.join('\n')) {
    throw new ToolError(
      'JSONNET_OUTPUTS_DIFFER',
      `Rendering ${request.label}: outs are ${wanted.join(', ')}, but the fields of the value are ${names.join(', ') || 'none'}`,
      { hint: hintFor(request, 'Name in outs just the fields that the program makes.') },
    );
  }
  for (const { key, path } of files) await writeFile(path, made[key] ?? '');
}

/** Throws where it failed; what it told nevertheless, as by `std.trace`, is shown. */
function checkSuccess(request: RenderRequest, { exitCode, message }: Outcome): void {
  if (exitCode === 0) {
    if (message !== '') process.stderr.write(`${request.label}: ${message}\n`);
    return;
  }
  throw new ToolError('JSONNET_FAILED', `Rendering ${request.label}: ${message}`, {
    hint: hintFor(
      request,
      'Mend the Jsonnet at the first of the places above that is yours, whose imports `deps` names.',
    ),
  });
}

function hintFor({ hint = '' }: RenderRequest, general: string): string {
  return hint === '' ? general : `${general} ${hint}`;
}
