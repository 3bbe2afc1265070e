// The process of the route guide's load: settings, a channel, one load, and its result as one line of JSON on stdout.
// What else there is to say goes to stderr.
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import {
  address,
  addressText,
  type Config,
  ConfigError,
  createClient,
  createLogger,
  readConfig,
  type Setting,
  wholeNumber,
} from '../../kit/index.ts';
import { createCalls } from '../client/calls.ts';
import { findPlaces, runLoad } from './load.ts';
import { DEFAULT_MIX, type Mix, parseMix } from './mix.ts';

const mixSetting: Setting<Mix> = {
  variable: 'MIX',
  fallback: DEFAULT_MIX,
  expected: 'weights of methods, as in GetFeature=80,RouteChat=20',
  parse: parseMix,
};
const fileSetting: Setting<string> = { variable: 'OUTPUT', fallback: '-', expected: 'a path', parse: (path) => path };

const SETTINGS = {
  server: address('ROUTEGUIDE_ADDRESS'),
  rate: wholeNumber('RATE', { min: 1, max: 100_000, fallback: 500 }),
  durationMs: wholeNumber('DURATION_MS', { min: 100, max: 86_400_000, fallback: 30_000 }),
  rampMs: wholeNumber('RAMP_MS', { min: 0, max: 600_000, fallback: 5000 }),
  deadlineMs: wholeNumber('DEADLINE_MS', { min: 10, max: 600_000, fallback: 5000 }),
  startMs: wholeNumber('START_WITHIN_MS', { min: 0, max: 3_600_000, fallback: 60_000 }),
  verifyMs: wholeNumber('VERIFY_MS', { min: 0, max: 3_600_000, fallback: 60_000 }),
  maxInFlight: wholeNumber('MAX_IN_FLIGHT', { min: 1, max: 1_000_000, fallback: 10_000 }),
  seed: wholeNumber('SEED', { min: 0, max: 4_294_967_295, fallback: randomInt(4_294_967_296) }),
  mix: mixSetting,
  output: fileSetting,
};

const stderr = { write: (line: string) => process.stderr.write(line) };
const log = createLogger({ service: 'routeguide-load', destination: stderr });
const stopping = new AbortController();
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => stopping.abort(new Error(name)));

async function main(config: Config<typeof SETTINGS>): Promise<void> {
  const { rate, durationMs, rampMs, seed, mix, maxInFlight, deadlineMs } = config;
  log.info({ server: addressText(config.server), rate, durationMs, rampMs, seed, mix, deadlineMs }, 'calling');
  // As any caller of the service: balanced over all servers, and reads are asked again of another one.
  const client = createClient(RouteGuideClient, {
    address: config.server,
    idempotent: ['getFeature', 'listFeatures', 'recordRoute'],
  });
  try {
    const calls = createCalls(client, { deadlineMs });
    const places = await findPlaces(calls, AbortSignal.any([stopping.signal, AbortSignal.timeout(config.startMs)]));
    log.info({ places: places.length }, 'the server answers');
    const result = await runLoad({
      ...{ calls, places, rate, durationMs, rampMs, mix, seed, maxInFlight },
      run: `${process.env['HOSTNAME'] ?? 'load'}-${process.pid}-${Date.now().toString(36)}`,
      verifyWithinMs: config.verifyMs,
      signal: stopping.signal,
      onProgress: (progress) => log.info(progress, 'under way'),
    });
    const line = `${JSON.stringify(result)}\n`;
    if (config.output !== '-') await writeFile(config.output, line);
    process.stdout.write(line);
  } finally {
    client.close();
  }
}

try {
  await main(readConfig(SETTINGS, process.env));
} catch (error) {
  const isConfig = error instanceof ConfigError;
  if (isConfig) log.fatal({ problems: error.problems }, 'settings are wrong');
  else log.fatal({ err: error }, 'failed');
  // As sysexits has it: EX_CONFIG.
  process.exitCode = isConfig ? 78 : 1;
}
