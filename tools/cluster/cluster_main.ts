// Starts and stops clusters: `bazel run //tools/cluster -- up`. `./fathom up` calls it with what it built.
import { runMain } from '../lib/cli.ts';
import { clusterMain } from './program.ts';

await runMain(clusterMain);
