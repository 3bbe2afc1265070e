// The build action behind k8s_object.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { ToolError, errorText } from '../../lib/errors.ts';
import { type RenderParams, parseStatus, render } from './render.ts';

await runMain(async ({ argv }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      params: { type: 'string', default: '' },
      template: { type: 'string', default: '' },
      pins: { type: 'string' },
      resolver: { type: 'string' },
      secret: { type: 'string', multiple: true, default: [] },
      'resolver-arg': { type: 'string', multiple: true, default: [] },
      status: { type: 'string', multiple: true, default: [] },
      json: { type: 'string', default: '' },
      yaml: { type: 'string', default: '' },
    },
  });
  const params = JSON.parse(await readFile(values.params, 'utf8')) as RenderParams;
  const template =
    values.resolver === undefined
      ? await readFile(values.template, 'utf8')
      : await resolveTemplate(values.resolver, [`--template=${values.template}`, ...values['resolver-arg']]);
  const status = await Promise.all(values.status.map((path) => readFile(path, 'utf8')));
  const pins = values.pins === undefined ? {} : { pins: await readPins(values.pins), pinsFile: values.pins };
  // In the order of the parameters.
  const texts = await Promise.all(values.secret.map((path) => readFile(path, 'utf8')));
  const secrets = new Map(params.secrets.map(({ path }, index) => [path, texts[index] ?? '']));
  const sources = { template, status: new Map(status.flatMap(parseStatus)), secrets, ...pins };
  const { input, yaml } = render(params, sources);
  await writeFile(values.json, `${JSON.stringify(input)}\n`);
  await writeFile(values.yaml, yaml);
});

/** What the program of `resolver` makes of the template. */
async function resolveTemplate(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    throw new ToolError('K8S_RESOLVER_FAILED', `Running resolver ${program} ${args.join(' ')}`, {
      cause,
      hint: `Correct the resolver: ${errorText(cause)}.`,
    });
  }
}

async function readPins(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ToolError('K8S_PINS_INVALID', `Reading pins ${path}`, { cause, hint: 'Write valid JSON.' });
  }
}
