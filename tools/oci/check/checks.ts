// The checks of an image that need not run it: each has a name, and the problems that it found.
import { formatBytes } from '../../lib/log.ts';
import { formatMode } from '../inspect/format.ts';
import type { InspectedImage } from '../inspect/inspected.ts';
import { type ImageView, resolvePath, viewImage } from '../inspect/view.ts';
import type { ImageTestSpec } from './spec.ts';

/** One case of an image's test. */
export interface Check {
  /** What is true of a good image. */
  readonly name: string;
  /** What is wrong; undefined where nothing is. */
  readonly problem: string | undefined;
}

const SHELLS = ['ash', 'bash', 'busybox', 'dash', 'fish', 'ksh', 'sh', 'zsh'];
const PROGRAM_FOLDERS = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/local/sbin'];

/** All checks that a test asks for, and those that every image has to pass. */
export function checkImage(image: InspectedImage, spec: ImageTestSpec): Check[] {
  const { entries } = viewImage(image.layers.map(({ contents }) => contents));
  return [
    ...fileChecks(entries, spec),
    ...configChecks(image, spec),
    ...sizeChecks(image, spec),
    ...(spec.allowRoot ? [] : [rootCheck(image)]),
    ...(spec.allowShell ? [] : [shellCheck(entries)]),
  ];
}

function fileChecks(entries: ImageView['entries'], spec: ImageTestSpec): Check[] {
  const find = (path: string) => resolvePath(entries, path)?.found.entry;
  const missing = (path: string) => (find(path) === undefined ? `${path} is not in the image` : undefined);
  return [
    ...spec.files.map((path) => ({ name: `has ${path}`, problem: missing(path) })),
    ...spec.absentFiles.map((path) => ({
      name: `has no ${path}`,
      // A link to nothing counts, too: it is there.
      problem:
        find(path) !== undefined || entries.has(path.replace(/^\/+|\/+$/g, '')) ? `${path} is in the image` : undefined,
    })),
    ...Object.entries(spec.modes).map(([path, mode]) => {
      const entry = find(path);
      const expected = formatMode(Number.parseInt(mode, 8));
      return {
        name: `gives ${path} mode ${expected}`,
        problem: missing(path) ?? differs(path, 'mode', formatMode(entry?.mode ?? 0), expected),
      };
    }),
    ...Object.entries(spec.owners).map(([path, owner]) => {
      const entry = find(path);
      return {
        name: `gives ${path} to ${owner}`,
        problem: missing(path) ?? differs(path, 'owner', `${entry?.uid}:${entry?.gid}`, owner),
      };
    }),
  ];
}

function differs(what: string, field: string, found: string, expected: string): string | undefined {
  return found === expected ? undefined : `${what} has ${field} ${found}, not ${expected}`;
}

function configChecks({ config }: InspectedImage, spec: ImageTestSpec): Check[] {
  const { Entrypoint, Cmd, User, WorkingDir, Env, Labels, ExposedPorts } = config.config ?? {};
  const checks: Check[] = [];
  const expect = (name: string, found: unknown, expected: unknown) => {
    if (expected === undefined) return;
    const [is, wanted] = [JSON.stringify(found) ?? 'nothing', JSON.stringify(expected)];
    checks.push({ name: `has ${name} ${wanted}`, problem: differs('the configuration', name, is, wanted) });
  };
  expect('entrypoint', Entrypoint, spec.entrypoint);
  expect('cmd', Cmd ?? [], spec.cmd);
  expect('user', User, spec.user);
  expect('workdir', WorkingDir, spec.workdir);
  const variables = new Map(
    (Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  for (const [name, value] of Object.entries(spec.env)) expect(`variable ${name}`, variables.get(name), value);
  for (const [name, value] of Object.entries(spec.labels)) expect(`label ${name}`, Labels?.[name], value);
  for (const port of spec.ports) {
    const key = port.includes('/') ? port : `${port}/tcp`;
    const problem = ExposedPorts?.[key] === undefined ? `port ${key} is not in the configuration` : undefined;
    checks.push({ name: `names port ${key}`, problem });
  }
  return checks;
}

function sizeChecks({ layers }: InspectedImage, spec: ImageTestSpec): Check[] {
  const checks: Check[] = [];
  if (spec.maxBytes !== undefined) {
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    checks.push(sizeCheck('it', bytes, spec.maxBytes));
  }
  for (const [end, most] of Object.entries(spec.maxLayerBytes)) {
    const found = layers.filter(({ contents }) => contents.createdBy.endsWith(end));
    if (found.length === 0) {
      const labels = layers.map(({ contents }) => contents.createdBy).join(', ');
      checks.push({ name: `has a layer ${end}`, problem: `no layer's label ends in ${end}; there are ${labels}` });
    }
    for (const { contents, size } of found) checks.push(sizeCheck(`layer ${contents.createdBy}`, size, most));
  }
  return checks;
}

function sizeCheck(what: string, bytes: number, most: number): Check {
  return {
    name: `${what} is at most ${formatBytes(most)} compressed`,
    problem: bytes <= most ? undefined : `${what} has ${formatBytes(bytes)} (${bytes} bytes), more than ${most}`,
  };
}

function rootCheck({ config }: InspectedImage): Check {
  const user = config.config?.User ?? '';
  const [uid = ''] = user.split(':');
  // A name is looked up in the image's /etc/passwd by the runtime; Kubernetes' runAsNonRoot refuses names.
  const problem = !/^\d+$/.test(uid)
    ? `its user is ${JSON.stringify(user)}, which is no number; Kubernetes' runAsNonRoot wants one`
    : Number(uid) === 0
      ? 'it runs as root'
      : undefined;
  return { name: 'runs as a user that is not root', problem };
}

function shellCheck(entries: ImageView['entries']): Check {
  const found = PROGRAM_FOLDERS.flatMap((folder) => SHELLS.map((shell) => `${folder}/${shell}`)).filter((path) =>
    entries.has(path),
  );
  const problem = found.length === 0 ? undefined : `it has ${found.map((path) => `/${path}`).join(', ')}`;
  return { name: 'has no shell', problem };
}
