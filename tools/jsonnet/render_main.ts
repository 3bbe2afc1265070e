// What jsonnet_to_json runs: a request as a JSON file. Bazel may keep it running, see worker.ts.
import { readFile } from 'node:fs/promises';
import { runTool } from '../lib/worker.ts';
import { evaluateOnce } from './evaluate_once.ts';
import { type Evaluator, createEvaluator } from './evaluator.ts';
import { render } from './render.ts';
import type { RenderRequest } from './request.ts';

const evaluators = new Map<string, Evaluator>();

await runTool(async ({ argv, inputs }) => {
  const [file] = argv;
  if (file === undefined) throw new Error('usage: render REQUEST.json');
  // Written by the rules themselves, so its form is known.
  const request = JSON.parse(await readFile(file, 'utf8')) as RenderRequest;
  if (inputs === undefined || request.evaluator === '') return render(request, evaluateOnce);
  const evaluator = evaluatorOf(request);
  return render(request, (one, multiple) => evaluator.evaluate(one, { multiple, inputs: inputs() }));
});

function evaluatorOf({ evaluator: program }: RenderRequest): Evaluator {
  const evaluator = evaluators.get(program) ?? createEvaluator(program);
  evaluators.set(program, evaluator);
  return evaluator;
}
