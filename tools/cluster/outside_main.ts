// The same for clusters that others run, built without Kubernetes: `bazel run //tools/cluster:outside -- up --provider=k3d`.
import { runMain } from '../lib/cli.ts';
import { clusterMain } from './program.ts';

await runMain(clusterMain);
