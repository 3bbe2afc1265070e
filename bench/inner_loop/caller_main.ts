// Calls a greeter until it answers with a text, as often as somebody names one on stdin, and says when that was: a line of
// milliseconds since 1970. Runs in the network of a node: `caller 10.96.0.7:50051 /hello.v1.Hello/Greet`.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { runMain } from '../../tools/lib/cli.ts';

const PAUSE_MS = 20;
const DEADLINE_MS = 1000;

/** A GreetRequest with the name Ada: field 1, a string of 3 bytes. */
const REQUEST = Buffer.from('\x0a\x03Ada');

await runMain(async ({ argv, signal }) => {
  const [target = '', method = ''] = argv;
  const answer = () =>
    new Promise<string>((resolve) => {
      // A connection of its own: one that lasts would stay with the pod that it once reached.
      const client = new Client(target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
      const options = { deadline: Date.now() + DEADLINE_MS };
      const asIs = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(method, asIs, asIs, REQUEST, options, (_error, response) => {
        client.close();
        resolve(response?.toString() ?? '');
      });
    });
  process.stdout.write('ready\n');
  for await (const text of createInterface({ input: process.stdin })) {
    while (!(await answer()).includes(text)) await sleep(PAUSE_MS, undefined, { signal });
    process.stdout.write(`${performance.timeOrigin + performance.now()}\n`);
  }
  return 0;
});
