// Errors as the sources throw them: codes, messages and hints, read from the syntax tree that prettier makes of a file.
import { parsers } from 'prettier/plugins/babel';

/** An error where it is thrown. */
export interface ThrownError {
  readonly path: string;
  readonly line: number;
  /** More than one where a condition decides. */
  readonly codes: readonly string[];
  /** Its text, `…` for what is known only then; '' where it is not written there. */
  readonly message: string;
  /** Likewise. */
  readonly hint: string;
  /** Whether there is a hint whatever happens. */
  readonly isHinted: boolean;
}

/** A node of a syntax tree, as far as it is looked at. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [field: string]: unknown;
}

const BASE = 'ToolError';

/** Each `new ToolError(…)` of a file, and each `super(…)` of a class that extends it. */
export async function thrownErrors(path: string, text: string): Promise<readonly ThrownError[]> {
  if (!text.includes(`${BASE}(`) && !text.includes(`extends ${BASE}`)) return [];
  // No option matters to the parser; the type asks for all those of the printer.
  const tree: unknown = await parsers['babel-ts'].parse(text, {} as never);
  const nodes = nodesOf(tree);
  const classes = nodes.filter(({ type, superClass }) => type === 'ClassDeclaration' && nameOf(superClass) === BASE);
  // A class without a constructor has that of ToolError.
  const plain = classes.filter((one) => !nodesOf(one).some(({ kind }) => kind === 'constructor'));
  const names = new Set([BASE, ...plain.map(({ id }) => nameOf(id))]);
  return [
    ...nodes.filter(({ type, callee }) => type === 'NewExpression' && names.has(nameOf(callee) ?? '')),
    ...classes.flatMap(nodesOf).filter(({ type, callee }) => type === 'CallExpression' && isNode(callee, 'Super')),
  ].map((call) => thrownBy(path, call));
}

/** The texts that a file's code has, without its comments; what is known only then is left out. */
export async function textsIn(path: string, text: string): Promise<readonly string[]> {
  if (path.endsWith('.py')) return text.split('\n').filter((line) => !/^\s*#/.test(line));
  const tree: unknown = await parsers['babel-ts'].parse(text, {} as never);
  return nodesOf(tree).flatMap(({ type, value }) => {
    if (type === 'StringLiteral') return [String(value)];
    return type === 'TemplateElement' ? [(value as { readonly cooked: string }).cooked] : [];
  });
}

function thrownBy(path: string, call: Node): ThrownError {
  const [code, message, options] = call['arguments'] as readonly unknown[];
  return {
    path,
    line: call.loc?.start.line ?? 1,
    codes: nodesOf(code).flatMap(({ type, value }) => (type === 'StringLiteral' ? [String(value)] : [])),
    message: textOf(message),
    hint: textOf(propertiesOf(options).find(isHint)?.['value']),
    isHinted: hasHint(options),
  };
}

function hasHint(options: unknown): boolean {
  if (isNode(options, 'ConditionalExpression')) return hasHint(options['consequent']) && hasHint(options['alternate']);
  return propertiesOf(options).some((property) =>
    property.type === 'SpreadElement'
      ? hasHint(property['argument'])
      : isHint(property) && !isNothing(property['value']),
  );
}

/** Whether an expression may be `undefined`, as far as it says so itself. */
function isNothing(expression: unknown): boolean {
  if (isNode(expression, 'ConditionalExpression'))
    return isNothing(expression['consequent']) || isNothing(expression['alternate']);
  return nameOf(expression) === 'undefined';
}

function isHint({ key }: Node): boolean {
  return nameOf(key) === 'hint';
}

function propertiesOf(options: unknown): readonly Node[] {
  return isNode(options, 'ObjectExpression') ? (options['properties'] as readonly Node[]) : [];
}

/** The text of an expression: of a condition's branches the first, `…` for what is no text. */
function textOf(expression: unknown): string {
  if (isNode(expression, 'StringLiteral')) return String(expression['value']);
  if (isNode(expression, 'ConditionalExpression')) return textOf(expression['consequent']);
  if (isNode(expression, 'BinaryExpression')) return textOf(expression['left']) + textOf(expression['right']);
  if (isNode(expression, 'TemplateLiteral')) {
    const parts = expression['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
    return parts.map(({ value }) => value.cooked).join('…');
  }
  return expression === undefined ? '' : '…';
}

function nameOf(node: unknown): string | undefined {
  return isNode(node, 'Identifier') ? String(node['name']) : undefined;
}

function isNode(value: unknown, type?: string): value is Node {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return typeof value.type === 'string' && (type === undefined || value.type === type);
}

/** A node and all below it, in the order of the text. */
function nodesOf(root: unknown): readonly Node[] {
  if (Array.isArray(root)) return root.flatMap(nodesOf);
  return isNode(root) ? [root, ...Object.values(root).flatMap(nodesOf)] : [];
}
