// What JUnit wrote of a run, as far as it decides whether something was tested.

/** Why a run is no success, although the program ended with code 0; undefined where it is one. `xml`: JUnit's report. */
export function emptyRun(xml: string | undefined, filter: string): string | undefined {
  const [suite = ''] = /<testsuite\b[^>]*>/.exec(xml ?? '') ?? [];
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? '0');
  if (suite === '') return 'the program ended before JUnit had written its report (System.exit in a test?)';
  if (count('failures') + count('errors') > 0) return 'a test failed, and the program ended as if none had';
  if (count('tests') === 0 && filter !== '') return `no test matches --test_filter=${filter}`;
  if (count('tests') === 0) return 'no test is in these sources: a test that tests nothing fails';
  if (count('tests') === count('skipped')) return 'every test was skipped: a test that tests nothing fails';
  return undefined;
}

/** The arguments of JUnit's console for the tests of a jar. */
export function consoleArguments(jar: string, reports: string, filter: string): readonly string[] {
  return [
    'execute',
    '--disable-banner',
    '--disable-ansi-colors',
    '--details=tree',
    `--reports-dir=${reports}`,
    `--scan-classpath=${jar}`,
    '--include-classname=.*',
    ...(filter === '' ? [] : [`--include-methodname=.*(?:${filter}).*`]),
  ];
}
