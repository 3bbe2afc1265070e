// How often a dashboard's series are scraped is what its ConfigMap says, and no shorter than what is usual.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timesOf } from './panel_query.ts';
import { readScrapeInterval, SCRAPE_ANNOTATION, scrapeSecondsOf } from './scrape_interval.ts';

const WRONG = `The annotation ${SCRAPE_ANNOTATION} must be a time from 1s to 2m, got`;
const read = (text: string | undefined) =>
  readScrapeInterval({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'web-dashboard', ...(text === undefined ? {} : { annotations: { [SCRAPE_ANNOTATION]: text } }) },
  });

for (const { text, found } of [
  { text: undefined, found: {} },
  { text: '15s', found: { seconds: 15 } },
  { text: '1m', found: { seconds: 60 } },
  { text: '1m30s', found: { seconds: 90 } },
  { text: '120s', found: { seconds: 120 } },
  { text: '5m', found: { seconds: 300, problem: `${WRONG} '5m'` } },
  { text: '0s', found: { problem: `${WRONG} '0s'` } },
  { text: '', found: { problem: `${WRONG} ''` } },
  { text: 'often', found: { problem: `${WRONG} 'often'` } },
  { text: '30', found: { problem: `${WRONG} '30'` } },
]) {
  test(`reads ${text ?? 'none'}`, () => assert.deepEqual(read(text), found));
}

for (const { own, usual, step, rate } of [
  { own: undefined, usual: undefined, step: 15, rate: '120s' },
  { own: undefined, usual: 60, step: 15, rate: '240s' },
  { own: 120, usual: 30, step: 15, rate: '480s' },
  { own: 5, usual: 30, step: 15, rate: '120s' },
  { own: 60, usual: 30, step: 3600, rate: '3660s' },
]) {
  test(`of ${own ?? 'nothing'} and ${usual ?? 'nothing'} rates at steps of ${step} s are taken over ${rate}`, () => {
    const range = { from: 0, to: 3600, points: 100 };
    assert.equal(timesOf(range, step, scrapeSecondsOf(own, usual))['__rate_interval'], rate);
  });
}
