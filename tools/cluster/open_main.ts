// `./fathom open`: prints the address of the page of dashboards, which is there until Ctrl-C.
import { parseArgs } from 'node:util';
import { runMain } from '../lib/cli.ts';
import { ToolError, errorText } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { createClient } from '../k8s/kube/client.ts';
import { clusterAccess } from './page/access.ts';
import { openPage, PAGE } from './page/open.ts';

const OPTIONS = {
  port: { type: 'string' },
  namespace: { type: 'string', default: PAGE.namespace },
  service: { type: 'string', default: PAGE.service },
} as const;

await runMain(async ({ argv, env, signal }) => {
  const { port, namespace, service } = argumentsOf(argv);
  const client = createClient(await clusterAccess('fathom', env), { signal });
  try {
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    await openPage(client, { ...port, namespace, service, signal, print, log: createLog() });
  } finally {
    client.close();
  }
  // Ctrl-C is how it ends: nothing has failed.
  process.exit(0);
});

function argumentsOf(argv: readonly string[]) {
  const usage = (why: string, cause?: unknown) =>
    new ToolError('FATHOM_USAGE', `Reading the options of ./fathom open: ${why}`, {
      cause,
      hint: 'It takes --port, --namespace and --service.',
    });
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false });
    const number = Number(values.port ?? 0);
    if (!Number.isInteger(number) || number < 0 || number > 65_535)
      throw usage(`--port=${values.port} is no number of a port`);
    return { ...values, port: values.port === undefined ? {} : { port: number } };
  } catch (error) {
    throw error instanceof ToolError ? error : usage(errorText(error), error);
  }
}
