// What pip says of a list of requirements (`pip install --dry-run --report`), for one machine, as entries of a lock.
// Format: pip's "Installation report", version 1.
import { satisfies } from '@renovatebot/pep440';
import { type EnvironmentMarker, type EnvironmentMarkerNode, parsePipRequirementsLine } from 'pip-requirements-js';
import { ToolError } from '../../lib/errors.ts';
import { normalizedName } from './lock_format.ts';

/** One package that pip chose. */
export interface ReportedPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly file: string;
  readonly sha256: string;
  /** Names, sorted. */
  readonly depends: readonly string[];
}

/** Machine's name → what markers (PEP 508) compare with, beside the Python's version. */
const MACHINES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  darwin_arm64: { sys_platform: 'darwin', platform_system: 'Darwin', platform_machine: 'arm64' },
  darwin_x64: { sys_platform: 'darwin', platform_system: 'Darwin', platform_machine: 'x86_64' },
  linux_arm64: { sys_platform: 'linux', platform_system: 'Linux', platform_machine: 'aarch64' },
  linux_x64: { sys_platform: 'linux', platform_system: 'Linux', platform_machine: 'x86_64' },
};

/** The variables of markers on a machine. Throws PYPI_MACHINE_UNKNOWN. */
export function markerEnvironment(machine: string, python: string): Readonly<Record<string, string>> {
  const own = MACHINES[machine];
  if (own === undefined) {
    throw new ToolError('PYPI_MACHINE_UNKNOWN', `Reading "platforms": there is no machine ${machine}`, {
      hint: `Use one of ${Object.keys(MACHINES).join(', ')}.`,
    });
  }
  return {
    ...own,
    os_name: 'posix',
    python_version: python,
    python_full_version: `${python}.0`,
    implementation_name: 'cpython',
    implementation_version: `${python}.0`,
    platform_python_implementation: 'CPython',
  };
}

interface RawReport {
  readonly install: readonly {
    readonly download_info: {
      readonly url: string;
      readonly archive_info?: { readonly hashes?: Readonly<Record<string, string>> };
    };
    readonly metadata: {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
      readonly license_expression?: string;
      readonly classifier?: readonly string[];
      readonly requires_dist?: readonly string[];
    };
    readonly requested_extras?: readonly string[];
  }[];
}

/** The packages of a report. `without` are names that are left out. Throws PYPI_REPORT_INVALID. */
export function readReport(
  text: string,
  environment: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): readonly ReportedPackage[] {
  const report = JSON.parse(text) as RawReport;
  const installed = report.install.filter(({ metadata }) => !without.includes(normalizedName(metadata.name)));
  const names = new Set(installed.map(({ metadata }) => normalizedName(metadata.name)));
  const extras = new Map<string, Set<string>>();
  for (const { metadata, requested_extras: requested = [] } of installed) {
    extras.set(normalizedName(metadata.name), new Set(requested.map(normalizedName)));
  }
  const needs = new Map<string, readonly string[]>();
  // A requirement `b[x]` makes b need more; which may again ask for extras: until nothing is new.
  for (let round = 0, grows = true; grows && round <= installed.length; round++) {
    grows = false;
    for (const { metadata } of installed) {
      const name = normalizedName(metadata.name);
      const found = requirementsOf(metadata.requires_dist ?? [], environment, extras.get(name) ?? new Set());
      needs.set(
        name,
        [...new Set(found.map((one) => one.name))].filter((one) => names.has(one) && one !== name).sort(),
      );
      for (const needed of found) {
        const known = extras.get(needed.name);
        for (const extra of needed.extras) {
          if (known === undefined || known.has(extra)) continue;
          known.add(extra);
          grows = true;
        }
      }
    }
  }
  return installed.map(({ metadata, download_info: { url, archive_info: archive } }) => {
    const name = normalizedName(metadata.name);
    const sha256 = archive?.hashes?.['sha256'];
    const file = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
    if (sha256 === undefined || !file.endsWith('.whl')) {
      throw new ToolError(
        'PYPI_REPORT_INVALID',
        `Resolving ${name}: pip chose ${file}, which is no wheel with a hash`,
        {
          hint: 'Use pip 22.2 or newer, and an index that tells hashes.',
        },
      );
    }
    return {
      name,
      version: metadata.version,
      license: licenseOf(metadata),
      file,
      sha256,
      depends: needs.get(name) ?? [],
    };
  });
}

/** A licence's expression, else a short text, else the classifier's last words. */
function licenseOf(metadata: RawReport['install'][number]['metadata']): string {
  const { license_expression: expression, license = '', classifier = [] } = metadata;
  if (expression !== undefined) return expression;
  if (license !== '' && license.length < 80 && !license.includes('\n')) return license;
  const classified = classifier
    .filter((one) => one.startsWith('License ::'))
    .map((one) => one.split(' :: ').at(-1) ?? '');
  return classified.join(' OR ');
}

function requirementsOf(
  requires: readonly string[],
  environment: Readonly<Record<string, string>>,
  extras: ReadonlySet<string>,
): readonly { readonly name: string; readonly extras: readonly string[] }[] {
  return requires.flatMap((line) => {
    const requirement = parsePipRequirementsLine(line);
    if (requirement === null || (requirement.type !== 'ProjectName' && requirement.type !== 'ProjectURL')) return [];
    const { name, extras: wanted = [], environmentMarkerTree: marker } = requirement;
    const isNeeded =
      marker === undefined ||
      ['', ...extras].some((extra) => holds(marker, { ...environment, extra: normalizedName(extra) }));
    return isNeeded ? [{ name: normalizedName(name), extras: wanted.map(normalizedName) }] : [];
  });
}

const VERSIONS = new Set(['python_version', 'python_full_version', 'implementation_version']);

/** Whether a marker holds; of versions by PEP 440, of all else by text. */
function holds(marker: EnvironmentMarker, environment: Readonly<Record<string, string>>): boolean {
  if (isNode(marker)) {
    const [left, right] = [holds(marker.left, environment), holds(marker.right, environment)];
    return marker.operator === 'and' ? left && right : left || right;
  }
  const { left, operator, right } = marker;
  const value = (side: string) => {
    if (/^['"]/.test(side)) return side.slice(1, -1);
    return environment[side] ?? '';
  };
  const [a, b] = [value(left), left === 'extra' ? normalizedName(value(right)) : value(right)];
  if (operator === 'in') return b.includes(a);
  if (operator === 'not in') return !b.includes(a);
  if (VERSIONS.has(left)) return satisfies(a, `${operator}${b}`);
  if (VERSIONS.has(right)) return satisfies(b, `${mirrored(operator)}${a}`);
  switch (operator) {
    case '==':
    case '===':
      return a === b;
    case '!=':
      return a !== b;
    default:
      return satisfies(a, `${operator}${b}`);
  }
}

function isNode(marker: EnvironmentMarker): marker is EnvironmentMarkerNode {
  return marker.operator === 'and' || marker.operator === 'or';
}

function mirrored(operator: string): string {
  return operator.replace(/[<>]/, (sign) => (sign === '<' ? '>' : '<'));
}
