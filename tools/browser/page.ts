// One page of the browser, which notes what a good page has none of: errors, and requests to other machines.
import type { Browser, Page } from 'playwright-core';

const LOOPBACK = /^(?:https?|wss?):\/\/(?:127\.0\.0\.1|localhost)(?=[:/]|$)/;
const LOCAL = /^(?:about|blob|data|file):/;

export interface PageOptions {
  /** Of the window, in CSS pixels. Default: 1280. */
  readonly width?: number;
  /** Default: 800. */
  readonly height?: number;
  /** What `prefers-color-scheme` says. Default: light. */
  readonly colorScheme?: 'light' | 'dark';
  /** Whether scripts run. Default: true. */
  readonly javaScript?: boolean;
  /** How long a navigation, a click or a wait may take. Default: 15 s. */
  readonly timeoutMs?: number;
}

export interface TestPage extends AsyncDisposable {
  /** Playwright's own page: `goto`, `locator`, `screenshot` … */
  readonly page: Page;
  /** Errors of the console, exceptions that nothing caught, resources that could not be loaded. */
  readonly errors: readonly string[];
  /** URLs of requests to other machines; each of them failed. */
  readonly outside: readonly string[];
}

/** Opens a page in a context of its own. */
export async function openPage(browser: Browser, options: PageOptions): Promise<TestPage> {
  const { width = 1280, height = 800, colorScheme = 'light', javaScript = true, timeoutMs = 15_000 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    javaScriptEnabled: javaScript,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'UTC',
    serviceWorkers: 'block',
  });
  context.setDefaultTimeout(timeoutMs);
  context.setDefaultNavigationTimeout(timeoutMs);
  const errors: string[] = [];
  const outside: string[] = [];
  await context.route(
    (url) => !LOOPBACK.test(url.href) && !LOCAL.test(url.href),
    async (route) => {
      outside.push(route.request().url());
      await route.abort('addressunreachable');
    },
  );
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.location().url}: ${message.text()}`);
  });
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`));
  return { page, errors, outside, [Symbol.asyncDispose]: () => context.close() };
}
