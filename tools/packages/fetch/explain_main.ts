// Stage 0: run by repository rules after an ecosystem's own client failed: `node explain_main.ts '<request as JSON>'`.
// Ends with the failure in the form that all kinds of packages have.
import { readFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { goFailure } from './go_failure.ts';
import { npmFailure } from './npm_failure.ts';

type Request =
  | {
      readonly kind: 'npm';
      readonly lock: string;
      readonly shown: string;
      readonly output: string;
      readonly said: string;
    }
  | {
      readonly kind: 'go';
      readonly go: string;
      readonly folder: string;
      readonly shown: string;
      readonly said: string;
    };

await runMain(async ({ argv, env, signal }) => {
  const request = JSON.parse(argv[0] ?? 'null') as Request;
  if (request.kind === 'npm') throw npmFailure({ ...request, lock: await readFile(request.lock, 'utf8') });
  throw await goFailure({ ...request, env, signal });
});
