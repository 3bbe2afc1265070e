// The controllers that make pods and take away what has lost its owner, beside an API server of a test: pods come and
// go as in a cluster, but without nodes none of them runs.
import { spawn } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiServer, program } from './apiserver.ts';

const CONTROLLERS = [
  'deployment-controller',
  'garbage-collector-controller',
  'replicaset-controller',
  'statefulset-controller',
];

/** Starts the controllers of the same Kubernetes. Its stop() comes before the server's. */
export async function startControllers(
  server: Pick<ApiServer, 'folder' | 'kubeconfig' | 'context'>,
): Promise<{ stop(): Promise<void> }> {
  const manager = join(server.folder, 'kube-controller-manager');
  await symlink(program('KUBERNETES'), manager);
  const child = spawn(
    manager,
    [
      `--kubeconfig=${server.kubeconfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
      `--cert-dir=${join(server.folder, 'controllers')}`,
    ],
    { cwd: server.folder, stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
