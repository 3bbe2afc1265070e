// The operator as it is deployed, on a real API server: with the flags that it has there, and with no more rights.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiServer, kubectl, program, startApiServer } from '../../../tools/k8s/testing/apiserver.ts';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { eventually } from '../../../tools/lib/testing/eventually.ts';
import { freePort } from '../../../tools/oci/testing/real_registry.ts';

const ACCOUNT = 'system:serviceaccount:monitoring:prometheus-operator';
const RIGHTS = ['clusterrole', 'clusterrolebinding', 'kubelets-role', 'kubelets-rolebinding', 'role', 'rolebinding'];

/** A cluster of an API server, of what makes tokens of accounts, and of the operator, until it is disposed of. */
export interface TestOperator extends AsyncDisposable {
  readonly server: ApiServer;
  /** What kubectl prints. Throws where it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Makes objects of //prod/monitoring: `cluster/kubelet`. */
  create(...manifests: readonly string[]): Promise<void>;
  /** What the operator tells of itself. */
  metrics(): Promise<string>;
}

const pathOf = (manifest: string) => runfile(`fathom/prod/monitoring/manifests/${manifest}.json`);

/** Starts it with the namespaces `monitoring`, where there is Prometheus, and `shop`. */
export async function startOperator(): Promise<TestOperator> {
  const server = await startApiServer();
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await server.stop();
  };
  const call = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await kubectl(server, args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const create = async (...manifests: readonly string[]) => {
    await call('create', ...manifests.map((one) => `--filename=${pathOf(one)}`));
  };
  try {
    const crds = runfile('prometheus_operator_crds/example/prometheus-operator-crd');
    await call('create', ...readdirSync(crds).map((file) => `--filename=${join(crds, file)}`));
    await call('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
    await create('operator/namespace', ...RIGHTS.map((one) => `operator/${one}`), 'prometheus/prometheus');
    await call('create', 'namespace', 'shop');
    const { folder, kubeconfig } = server;
    const manager = join(folder, 'kube-controller-manager');
    symlinkSync(program('KUBERNETES'), manager);
    children.push(
      spawn(
        manager,
        [
          `--kubeconfig=${kubeconfig}`,
          `--service-account-private-key-file=${join(folder, 'sa.key')}`,
          `--root-ca-file=${join(folder, 'certs/apiserver.crt')}`,
          '--controllers=serviceaccount-token-controller,root-ca-certificate-publisher-controller',
          '--leader-elect=false',
          '--secure-port=0',
        ],
        { stdio: 'ignore' },
      ),
    );
    const address = `127.0.0.1:${await freePort()}`;
    const args = [...flagsOfManifest(), `--web.listen-address=${address}`, `--as=${ACCOUNT}`];
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    children.push(spawn(runfile('go_prometheus_operator/bin/operator'), args, { env, stdio: 'ignore' }));
    const metrics = async () => {
      const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(10_000) });
      return response.text();
    };
    await eventually('the operator answers', metrics);
    return { server, kubectl: call, create, metrics, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function flagsOfManifest(): readonly string[] {
  interface Deployment {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: string[] }] } };
    };
  }
  const { spec }: Deployment = JSON.parse(readFileSync(pathOf('operator/deployment'), 'utf8'));
  return spec.template.spec.containers[0].args;
}
