// The program of the samples: says where it is, looks at the stack, and then does what CHECK says: pass, fail, crash or hang.
import { writeFileSync } from 'node:fs';

const { env, argv } = process;
const response = await fetch(`http://${env['WEB_ADDRESS']}/from-the-test`);
const body = await (await fetch(`http://${env['WEB_ADDRESS']}/`)).text();
const facts = {
  namespace: env['FATHOM_TEST_NAMESPACE'],
  user: env['FATHOM_USER'],
  context: env['FATHOM_TEST_CONTEXT'],
  kubeconfig: env['KUBECONFIG'],
  extra: env['EXTRA'],
  args: argv.slice(2),
  status: response.status,
  body,
};
// Written at once, so that whoever reads it finds all of it or nothing.
writeFileSync(1, `${JSON.stringify(facts)}\n`);
if (env['CHECK'] === 'hang') await new Promise((done) => setTimeout(done, 600_000));
if (env['CHECK'] === 'crash') {
  await fetch(`http://${env['WEB_ADDRESS']}/crash`).catch(() => undefined);
  // The forward goes on to the container that is started instead; the API may take the crashed one for ready a while longer.
  const untilMs = performance.now() + 30_000;
  const ask = () => fetch(`http://${env['WEB_ADDRESS']}/after-the-crash`).catch(() => undefined);
  while ((await ask()) === undefined && performance.now() < untilMs) await new Promise((done) => setTimeout(done, 200));
}
process.exitCode = env['CHECK'] === 'fail' || env['CHECK'] === 'crash' ? 3 : 0;
