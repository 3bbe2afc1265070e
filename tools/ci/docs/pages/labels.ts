// Labels of pages: those of packages that there are must be targets; others are examples, whose names are checked.

/** What a page means by a label. */
export type Meaning =
  | { readonly kind: 'target'; readonly label: string }
  /** `//x/...`, of a folder that there is; relative labels; those of other repositories. */
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'wrong'; readonly why: string };

/** Packages that pages call something: the reader has them, not this repository. */
const EXAMPLES = /^services\/(x|y|a|b|c|web|server|shop\/cart)$|^bank\/ledger$|^third_party\/(maven|pypi)$/;

/** Targets that readers make in packages that there are. */
const MADE: ReadonlySet<string> = new Set(['jsonnet/tests:agent_test']);

/** What labels are looked up in. */
export interface KnownPackages {
  readonly isFolder: (folder: string) => boolean;
  /** Whether a folder has a BUILD file. */
  readonly isPackage: (folder: string) => boolean;
  /** Of objects and stacks. */
  readonly verbs: ReadonlySet<string>;
}

/** What a label means. */
export function meaningOf(written: string, { isFolder, isPackage, verbs }: KnownPackages): Meaning {
  const label = written.replace(/^@fathom\/\//, '//');
  if (!label.startsWith('//') || /[<…]/.test(label)) return { kind: 'unchecked' };
  const [folder = '', ...names] = label.slice(2).split(':');
  const name = names.length > 0 ? names.join(':') : (folder.split('/').at(-1) ?? '');
  if (folder === '...' || folder.endsWith('/...')) {
    const parent = folder.slice(0, -'/...'.length);
    return folder === '...' || EXAMPLES.test(parent) || isFolder(parent)
      ? { kind: 'unchecked' }
      : { kind: 'wrong', why: `there is no folder ${parent}` };
  }
  if (MADE.has(label.slice(2))) return { kind: 'unchecked' };
  if (EXAMPLES.test(folder) && !isPackage(folder)) {
    const verb = /^(?:myns|dev|staging|prod)(?:-deep|-shallow)?\.(\w+)$/.exec(name)?.[1];
    return verb === undefined || verbs.has(verb)
      ? { kind: 'unchecked' }
      : { kind: 'wrong', why: `there is no verb .${verb}` };
  }
  if (!isPackage(folder)) return { kind: 'wrong', why: `there is no package ${folder}` };
  return { kind: 'target', label: `//${folder}:${name}` };
}
