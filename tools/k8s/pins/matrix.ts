// The matrix of services and environments: what is pinned where, how old it is, and how far it lags behind.
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { ageOf, alignRows } from '../deploy/table.ts';
import { type Pin, type Pins, pinAt } from '../model/pins.ts';
import { type ServicePins, refOf } from './config.ts';
import { type PinsContext, placeOf } from './context.ts';
import { type History, openHistory, pathsOf, shortCommit } from './history.ts';
import { readPins } from './pins_store.ts';

/** One cell of the matrix. */
export interface Cell {
  readonly service: string;
  readonly image: string;
  readonly environment: string;
  /** `unknown-commit`: it is not in this repository, so that the lag is not known. */
  readonly state: 'pinned' | 'missing' | 'unknown-commit';
  readonly pin?: Pin;
  readonly ageSeconds?: number;
  /** Commits of the checkout that concern the image and that the pin's commit has not. */
  readonly lag?: number;
}

const CONCURRENCY = 4;

/** Prints the matrix; 1 where a pins.json is broken. Throws K8S_GIT_UNKNOWN. */
export async function matrix(context: PinsContext): Promise<number> {
  const { services, options, print, log } = context;
  const history = await openHistory(context.workspace, context.signal);
  const broken: ToolError[] = [];
  const cells = await mapLimited(services, CONCURRENCY, async (service) => {
    try {
      return await cellsOf(service, await readPins(placeOf(context, service)), history);
    } catch (error) {
      if (!(error instanceof ToolError) || error.code !== 'K8S_PINS_INVALID') throw error;
      broken.push(error);
      return [];
    }
  });
  const all = cells.flat();
  if (options.output === 'json') print(JSON.stringify({ commit: history.head, pins: all }));
  else for (const line of tableOf(all, environmentsOf(services))) print(line);
  for (const { code, message, hint } of broken) log.error(`${code}: ${message}\n  hint: ${hint}`);
  return broken.length === 0 ? 0 : 1;
}

/** All environments, each after those before it in the order of promotion. */
function environmentsOf(services: readonly ServicePins[]): string[] {
  return [...new Set(services.flatMap(({ environments }) => environments.map(({ name }) => name)))];
}

async function cellsOf(service: ServicePins, pins: Pins, history: History): Promise<Cell[]> {
  const paths = pathsOf(service.sources, service.file);
  // The same commit is asked about once, whatever it is pinned for.
  const lags = new Map<string, Promise<number | undefined>>();
  const lagOf = (commit: string) => {
    const lag = lags.get(commit) ?? lagBehind(commit, history, paths);
    lags.set(commit, lag);
    return lag;
  };
  const cells: Cell[] = [];
  for (const image of service.images) {
    for (const environment of service.environments) {
      const about = { service: `//${service.package}`, image: image.repository, environment: environment.name };
      const pin = pinAt(pins, environment.name, refOf(image, environment));
      if (pin === undefined) {
        cells.push({ ...about, state: 'missing' });
        continue;
      }
      const lag = pin.commit === undefined ? undefined : await lagOf(pin.commit);
      cells.push({
        ...about,
        state: lag === undefined ? 'unknown-commit' : 'pinned',
        pin,
        ...(pin.time === undefined ? {} : { ageSeconds: Math.round((Date.now() - Date.parse(pin.time)) / 1000) }),
        ...(lag === undefined ? {} : { lag }),
      });
    }
  }
  return cells;
}

async function lagBehind(commit: string, history: History, paths: readonly string[]): Promise<number | undefined> {
  return (await history.has(commit)) ? history.count(commit, history.head, paths) : undefined;
}

function tableOf(cells: readonly Cell[], environments: readonly string[]): string[] {
  const rows = [...Map.groupBy(cells, ({ image }) => image)].map(([image, own]) => [
    image,
    ...environments.map((name) => textOf(own.find(({ environment }) => environment === name))),
  ]);
  return alignRows([['image', ...environments], ...rows]);
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const { state, pin, lag } = cell;
  if (pin === undefined || state === 'missing') return 'no pin';
  const commit = pin.commit === undefined ? 'no commit' : `${shortCommit(pin.commit)}${pin.dirty === true ? '+' : ''}`;
  const age = pin.time === undefined ? [] : [ageOf(pin.time, Date.now())];
  const behind = lag === undefined ? 'not in this repository' : lag === 0 ? 'up to date' : `${lag} behind`;
  return [commit, ...age, behind].join(', ');
}
