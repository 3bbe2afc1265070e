// What tests see of the page in a browser: panels and their states, pictures.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from '../../../tools/browser/index.ts';
import { eventually } from '../testing/running.ts';

/** The state of each panel: `data`, `empty`, `limited`, `failed`; `loading` also before it came into sight. */
export type States = Readonly<Record<string, string>>;

export const panel = (page: Page, title: string): Locator => page.locator(`section.panel[aria-label="${title}"]`);

/** Waits until no panel loads any more; the state of each. The page's policy lets nothing wait inside of it. */
export async function settled(page: Page): Promise<States> {
  await page.locator('section.panel').first().waitFor();
  const states = (): Promise<States> =>
    page.evaluate(`Object.fromEntries([...document.querySelectorAll('section.panel')]
      .map((one) => [one.getAttribute('aria-label'), one.dataset.state]))`);
  return eventually(states, (all) =>
    Object.values(all).every((state) => state !== 'loading' && state !== 'refreshing'),
  );
}

/** Goes to the end of the page, as panels are asked for when they come into sight, and back. */
export async function scrolled(page: Page): Promise<States> {
  const panels = page.locator('section.panel');
  await panels.first().waitFor();
  for (let index = 0; index < (await panels.count()); index++) await panels.nth(index).scrollIntoViewIfNeeded();
  const states = await settled(page);
  await page.evaluate('scrollTo(0, 0)');
  return states;
}

type Clip = NonNullable<NonNullable<Parameters<Page['screenshot']>[0]>['clip']>;

/** Writes a picture among the outputs of the test. A machine that is very busy has the browser fail at it now and then. */
export async function shoot(page: Page, name: string, clip?: Clip): Promise<void> {
  const folder = process.env['TEST_UNDECLARED_OUTPUTS_DIR'] ?? join(tmpdir(), 'fathom-screenshots');
  await mkdir(folder, { recursive: true });
  const once = () => page.screenshot({ path: join(folder, name), ...(clip === undefined ? {} : { clip }) });
  await once().catch(() => once());
}
