// The labels of all pages: Bazel says which targets there are, of a list that it can read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, type Checkout, commandsIn } from './checkout.ts';
import { labelsOf } from './commands.ts';
import { exampleOf, exampleProblem, packagesOf } from './example_labels.ts';
import { type Meaning, meaningOf } from './labels.ts';
import { type Block, place } from './page.ts';

interface Label {
  readonly label: string;
  readonly at: Block;
  readonly meaning: Meaning;
}

/** Labels anywhere: of commands, in Starlark, and by themselves within a line. */
function labelsIn(checkout: Checkout): readonly Label[] {
  const { root, rules, pages } = checkout;
  const verbs = new Set(rules.subtargets.flatMap(({ entries }) => entries.map(({ name }) => name)));
  const known = packagesOf(root, verbs);
  const meaning = (text: string, path: string): Meaning => {
    const example = exampleOf(path);
    if (example === undefined || text.startsWith('@')) return meaningOf(text, known);
    const why = exampleProblem(join(root, example), text, verbs);
    return why === undefined ? { kind: 'unchecked' } : { kind: 'wrong', why };
  };
  const label = (text: string, at: Block, meant = text): Label => ({
    label: text,
    at,
    meaning: meaning(meant, at.path),
  });
  const ofCommands = commandsIn(checkout).flatMap((command) =>
    labelsOf(command).map((text) => label(text, command.block)),
  );
  const quoted = blocksOf(checkout)
    .filter(({ kind }) => kind === 'starlark')
    .flatMap(({ block }) =>
      [...block.text.matchAll(/"(@fathom\/\/[^"*]*)"/g)].map(([, text = '']) => label(text, block)),
    );
  const single = [...pages.values()].flatMap(({ spans }) =>
    spans
      .filter(({ text }) => /^(@fathom)?\/\/[\w./-]+(:[\w./+-]+)?$/.test(text))
      // Without a target's name it may be a folder that is meant.
      .map((at) => label(at.text, at, /:|\.\.\.$/.test(at.text) ? at.text : `${at.text}/...`)),
  );
  return [...ofCommands, ...quoted, ...single];
}

/** Targets that pages name, which docs/labels.bzl lists so that Bazel says whether they exist. */
export function targetsOf(checkout: Checkout): readonly string[] {
  const targets = labelsIn(checkout).flatMap(({ meaning }) => (meaning.kind === 'target' ? [meaning.label] : []));
  // What is loaded is checked by what it exports; and the list is of docs/ itself.
  return [...new Set(targets)].filter((label) => !label.endsWith('.bzl') && !label.startsWith('//docs:')).toSorted();
}

/** Labels that are nothing. */
export function labelProblems(checkout: Checkout): readonly string[] {
  const docs = readFileSync(join(checkout.root, 'docs/BUILD.bazel'), 'utf8');
  return labelsIn(checkout).flatMap(({ at, label, meaning }) => {
    if (meaning.kind === 'wrong') return [`${place(at)}: ${label}: ${meaning.why}`];
    const [, name] = meaning.kind === 'target' ? (/^\/\/docs:(.*)$/.exec(meaning.label) ?? []) : [];
    if (name === undefined || docs.includes(`name = "${name}"`) || checkout.pages.has(`docs/${name}`)) return [];
    return [`${place(at)}: ${label}: docs/BUILD.bazel has no such target`];
  });
}

/** The text of docs/labels.bzl. */
export function labelsFile(checkout: Checkout): string {
  return [
    '"""The targets that pages name, as `bazel run //docs:update` finds them: where one is gone, nothing here builds."""',
    '',
    'LABELS = [',
    ...targetsOf(checkout).map((label) => `    "${label}",`),
    ']',
    '',
  ].join('\n');
}
