// kill -9 at moments spread over a whole deployment: the next apply makes of it what an undisturbed one makes.
// FATHOM_KILL_ROUNDS sets how many; FATHOM_SEED repeats them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { hundredObjects, snapshot, undisturbed } from '../testing/hundred.ts';
import { runEngine } from '../testing/process.ts';
import { chooseSeed, createRandom, roundsOf } from '../../lib/testing/random.ts';

let server: ApiServer;
let expected: Awaited<ReturnType<typeof snapshot>>;
const ROUNDS = roundsOf('FATHOM_KILL_ROUNDS', 6);
const random = createRandom(chooseSeed());

before(async () => {
  server = await startApiServer();
  expected = await undisturbed(server);
});
after(() => server.stop());
const { applyStack, makeNamespace } = callsTo(() => server);

/** Events of an undisturbed run: connect, plan, planned, 120 objects, phases, done. */
const EVENTS = 127;
/** The longest pause between the event and the kill: about what a few requests take. */
const PAUSE_MS = 15;
/** Before there is a plan, events are rare: the process starts, connects, locks, reads. */
const FIRST_EVENTS = 3;
const FIRST_PAUSE_MS = 400;
let hits = 0;

test('an undisturbed run leaves the hundred objects, their inventory and nothing else', () => {
  assert.equal(Object.keys(expected).length, 101);
});

for (let round = 0; round < ROUNDS; round++) {
  // One kill in each part of the run; the first part begins before the first event.
  const moment = Math.floor(((round + random()) / ROUNDS) * EVENTS);
  const pauseMs = random() * (moment < FIRST_EVENTS ? FIRST_PAUSE_MS : PAUSE_MS);
  test(`apply after kill -9 at event ${moment} and ${pauseMs.toFixed(1)} ms converges`, async () => {
    const namespace = `round-${round}`;
    await makeNamespace(namespace);
    await applyStack(hundredObjects(1, namespace));
    let seen = 0;
    let kill: Promise<void> | undefined;
    const killSoon = async (child: { kill(signal: 'SIGKILL'): boolean }) => {
      await sleep(pauseMs);
      child.kill('SIGKILL');
    };
    const stack = { ...hundredObjects(2, namespace), args: ['--output=json'] };
    const outcome = await runEngine(server, stack, {
      verb: 'apply',
      onStart: (child) => {
        if (moment === 0) kill = killSoon(child);
      },
      onEvent: (_event, child) => {
        if (++seen === moment) kill = killSoon(child);
      },
    });
    await kill;
    // The run may have come to its end within the pause.
    assert.ok(outcome.signal === 'SIGKILL' || outcome.code === 0, outcome.stderr);
    if (outcome.signal === 'SIGKILL') hits++;
    await applyStack(hundredObjects(2, namespace));
    assert.deepEqual(await snapshot(server, namespace), expected);
  });
}

test('most of the kills hit a deployment that was running', () => {
  assert.ok(hits >= ROUNDS / 2, `${hits} of ${ROUNDS}`);
});
