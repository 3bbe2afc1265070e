// The build action behind k8s_object.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';
import { runTool } from '../../lib/worker.ts';
import { ToolError, errorText } from '../../lib/errors.ts';
import { parsePins } from '../model/pins.ts';
import { type RenderParams, parseStatus, render } from './render.ts';

await runTool(async ({ argv }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      // One of each of these for each manifest.
      params: { type: 'string', multiple: true, default: [] },
      template: { type: 'string', multiple: true, default: [] },
      json: { type: 'string', multiple: true, default: [] },
      yaml: { type: 'string', multiple: true, default: [] },
      pins: { type: 'string' },
      resolver: { type: 'string' },
      secret: { type: 'string', multiple: true, default: [] },
      'resolver-arg': { type: 'string', multiple: true, default: [] },
      status: { type: 'string', multiple: true, default: [] },
    },
  });
  const status = new Map((await Promise.all(values.status.map((path) => readFile(path, 'utf8')))).flatMap(parseStatus));
  const pins =
    values.pins === undefined
      ? {}
      : { pins: parsePins(await readFile(values.pins, 'utf8'), values.pins), pinsFile: values.pins };
  const texts = await Promise.all(values.secret.map((path) => readFile(path, 'utf8')));
  for (const [index, file] of values.params.entries()) {
    const [from = '', json = '', yaml = ''] = [values.template[index], values.json[index], values.yaml[index]];
    // Written by the rules themselves, so its form is known.
    const params = JSON.parse(await readFile(file, 'utf8')) as RenderParams;
    const template =
      values.resolver === undefined
        ? await readFile(from, 'utf8')
        : await resolveTemplate(values.resolver, [`--template=${from}`, ...values['resolver-arg']]);
    // In the order of the parameters, which is the same for all manifests.
    const secrets = new Map(params.secrets.map(({ path }, at) => [path, texts[at] ?? '']));
    const rendered = render(params, { template, status, secrets, ...pins });
    await writeFile(json, `${JSON.stringify(rendered.input)}\n`);
    await writeFile(yaml, rendered.yaml);
  }
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
