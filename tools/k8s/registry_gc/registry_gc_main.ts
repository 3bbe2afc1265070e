// The program behind registry_gc: `--plan FILE --registry … --caller [arguments of the caller]`.
import { runMain } from '../../lib/cli.ts';
import { mapLimited } from '../../lib/limit.ts';
import { createLog } from '../../lib/log.ts';
import { openSession } from '../deploy/session.ts';
import { readPlanInput } from '../model/plan_input.ts';
import { readServicePins } from '../pins/config.ts';
import { placeOf, workspaceOf } from '../pins/context.ts';
import { readPins } from '../pins/pins_store.ts';
import { registryGc } from './gc.ts';
import { createPodHost } from './host.ts';
import { parseInvocation } from './settings.ts';

await runMain(async ({ argv, env, signal }) => {
  const { plan, settings, services, rest } = parseInvocation(argv);
  const input = await readPlanInput(plan);
  const session = await openSession({ input, program: 'registry.gc', args: rest, env, log: createLog(), signal });
  const described = await Promise.all(services.map(readServicePins));
  // The files of the checkout, which may have changed since the build.
  const workspace = described.length === 0 ? '' : workspaceOf(env);
  await registryGc({
    session,
    settings,
    readPins: () => mapLimited(described, 8, (service) => readPins(placeOf({ workspace }, service))),
    hostFor: (connected) => createPodHost(session, connected, settings),
  });
});
