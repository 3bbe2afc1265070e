// `policy_main KUBECONFIG CONTEXT NODE`: enforces the cluster's NetworkPolicies on the node in whose network it runs.
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { createClient } from '../../k8s/kube/client.ts';
import { findCluster } from '../../k8s/kube/kubeconfig.ts';
import { enforce } from './enforce.ts';

await runMain(async ({ argv: [kubeconfig = '', context = '', node = ''], env, signal }) => {
  const access = await findCluster({ env, files: [kubeconfig], context, cluster: '', user: '' });
  const client = createClient(access, { signal });
  const log = createLog((line) => process.stderr.write(`${new Date().toISOString()} ${line}`));
  await enforce({ client, node, log, signal });
});
