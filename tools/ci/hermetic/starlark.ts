// What a rule must not do if its actions are to run on any machine: looked for in the text of Starlark files.

/** A word that ties an action to a machine, and why. */
const WORDS: readonly { readonly word: RegExp; readonly why: string }[] = [
  { word: /\brun_shell\b/, why: 'a shell and its programs are those of the machine' },
  { word: /\buse_default_shell_env\b/, why: "the environment is the machine's" },
  { word: /\b(genrule|sh_binary|sh_library|sh_test)\(/, why: 'it runs in a shell' },
  // Not what is joined to a folder's path, such as `folder + "/bin/node"`.
  {
    word: /(?<![\w.}]|\+ ")\/(?:usr\/(?:local\/)?)?s?bin\b(?:\/\w+)*|(?<![\w.}]|\+ ")\/(?:home|opt|root|tmp|var)\/\w+/,
    why: 'a path of the machine',
  },
  { word: /\bexecutable = "[^"]*"/, why: 'a program that is named by a text is no declared one' },
  { word: /\b(no-sandbox|no-remote(-exec|-cache)?|no-cache|requires-network)\b/, why: 'it does not run as others do' },
  { word: /\.configuration\.default_shell_env\b/, why: "the environment is the machine's" },
];

/** A word found in a file. */
export interface Finding {
  readonly path: string;
  readonly word: string;
  readonly line: number;
  readonly why: string;
}

/** The words of one file, but for comments. */
export function findings(path: string, text: string): readonly Finding[] {
  return text.split('\n').flatMap((line, index) =>
    line.trimStart().startsWith('#') && !line.includes('#!')
      ? []
      : WORDS.flatMap(({ word, why }) => {
          const found = [...line.matchAll(new RegExp(word, 'g'))].map(([all]) => all);
          return found.map((all) => ({ path, word: all, line: index + 1, why }));
        }),
  );
}
