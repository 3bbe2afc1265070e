// What docs/gitops.md shows for Argo CD and Flux is YAML, and leads to where gitops writes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { runfile } from '../../lib/runfiles.ts';
import { at, textAt } from '../model/object.ts';
import { parseOptions } from './options.ts';

const text = readFileSync(runfile('fathom/docs/gitops.md'), 'utf8');

/** The objects in the indented blocks of a document. */
function objectsIn(markdown: string): unknown[] {
  const blocks = [...markdown.matchAll(/(?:^ {4}.*\n|^\n)+/gm)].map(([block]) => block.replaceAll(/^ {4}/gm, ''));
  return blocks
    .filter((block) => block.trimStart().startsWith('apiVersion:'))
    .flatMap((block) => {
      const documents = parseAllDocuments(block);
      assert.ok(Array.isArray(documents));
      return documents.map((document) => {
        assert.deepEqual(document.errors, []);
        return document.toJS() as unknown;
      });
    });
}

test('shows what Argo CD and Flux need to take what gitops writes', () => {
  const objects = objectsIn(text);
  assert.deepEqual(
    objects.map((object) => `${textAt(object, 'apiVersion')} ${textAt(object, 'kind')}`),
    [
      'argoproj.io/v1alpha1 Application',
      'source.toolkit.fluxcd.io/v1 GitRepository',
      'kustomize.toolkit.fluxcd.io/v1 Kustomization',
    ],
  );
  const command = /bazel run \/\/prod:gitops -- (.*)/.exec(text)?.[1] ?? '';
  const options = parseOptions(command.split(' '), { environments: ['staging', 'prod'], prCommand: '', env: {} });
  const [application, repository, kustomization] = objects;
  assert.equal(textAt(application, 'spec', 'source', 'path'), options.path);
  assert.equal(textAt(kustomization, 'spec', 'path'), `./${options.path}`);
  assert.equal(textAt(application, 'spec', 'source', 'repoURL'), options.repo);
  assert.equal(textAt(repository, 'spec', 'url'), options.repo);
  assert.equal(textAt(application, 'spec', 'source', 'targetRevision'), options.branch);
  assert.equal(textAt(repository, 'spec', 'ref', 'branch'), options.branch);
  assert.equal(at(application, 'spec', 'source', 'directory', 'recurse'), true);
  assert.deepEqual(at(kustomization, 'spec', 'sourceRef'), {
    kind: 'GitRepository',
    name: textAt(repository, 'metadata', 'name'),
  });
});
