// What axe-core finds wrong with a page: contrast, names, roles, order of headings.
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** The rules of WCAG 2.2 AA, and of what is good practice beside it. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Problems of the page as it is now, as lines `rule: element: why`; needs scripts to run in it. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // As a text: it runs whatever the page's content security policy, and needs no types of a browser here.
  await page.evaluate(axe.source);
  // It would fetch style sheets again, to see what a turned screen looks like; pages opened as files may not.
  const { violations }: Pick<AxeResults, 'violations'> = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'], preload: false })`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => {
      const [, why = ''] = failureSummary.split('\n');
      return `${id}: ${target.join(' ')}: ${why.trim()}`;
    }),
  );
}
