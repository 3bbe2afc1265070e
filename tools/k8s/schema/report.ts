// What a test says of some manifests: text for people, JUnit XML for what shows test results.
import { junit } from 'node:test/reporters';
import { redact } from '../../lib/redact.ts';
import { nameOf } from '../model/object.ts';
import type { Finding, Manifest } from './finding.ts';

/** What was checked and what was found: the output of the check's action. */
export interface Report {
  /** The test. */
  readonly label: string;
  /** The release whose schemas were taken, `1.34.4`. */
  readonly version: string;
  readonly objects: readonly Pick<Finding, 'label' | 'file' | 'object'>[];
  readonly findings: readonly Finding[];
}

/** A report on some manifests. */
export function reportOf(
  label: string,
  version: string,
  manifests: readonly Manifest[],
  findings: readonly Finding[],
): Report {
  const objects = manifests.flatMap((manifest) =>
    manifest.objects.map((object) => ({ label: manifest.label, file: manifest.file, object: nameOf(object) })),
  );
  return { label, version, objects, findings };
}

/** `CODE: file: object: path: what is wrong`, and the hint below it. Redacted. */
export function findingText({ code, file, object, path, message, hint }: Finding): string {
  return redact(`${code}: ${file}: ${object}: ${path}: ${message}\n  hint: ${hint}`);
}

/** All findings and a line that counts them. */
export function reportText({ label, version, objects, findings }: Report): string {
  const files = new Set(objects.map(({ file }) => file)).size;
  const what = `${count(objects.length, 'object')} of ${count(files, 'file')}, checked with Kubernetes ${version}`;
  const lines = findings.map((finding) => `error: ${findingText(finding)}\n`);
  return `${lines.join('')}${label}: ${count(findings.length, 'finding')} in ${what}\n`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** JUnit XML: a case for each object, which fails with its findings. */
export async function reportJunit(report: Report): Promise<string> {
  let xml = '';
  const source = events(report) as unknown as Parameters<typeof junit>[0];
  for await (const part of junit(source)) xml += part;
  return xml;
}

/** The report as node's test runner would tell it. */
async function* events({ label, objects, findings }: Report): AsyncGenerator<unknown> {
  const event = (type: string, data: object) => ({ type, data: { testNumber: 1, ...data } });
  const ended = (name: string, nesting: number, own: readonly Finding[], text: string) => {
    const details = { duration_ms: 0, ...(nesting === 0 ? { type: 'suite' } : {}) };
    if (own.length === 0) return event('test:pass', { name, nesting, details });
    const error = Object.assign(new Error(text), { code: own[0]?.code, stack: '' });
    return event('test:fail', { name, nesting, details: { ...details, error } });
  };
  yield event('test:start', { name: label, nesting: 0 });
  for (const { file, object } of objects) {
    const name = `${file}: ${object}`;
    const own = findings.filter((finding) => finding.file === file && finding.object === object);
    yield event('test:start', { name, nesting: 1 });
    yield ended(name, 1, own, own.map(findingText).join('\n'));
  }
  yield ended(label, 0, findings, count(findings.length, 'finding'));
}
