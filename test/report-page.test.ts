// The public report as people see it: a browser opens the page, on a desk and on a phone, in light and in dark.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { htmlOf } from '../src/remedy/report/html.ts';
import { INPUT } from '../src/remedy/report/report.fixture.ts';
import { reportDocument } from '../src/remedy/report/report.ts';

const executablePath = process.env['MAKEWHOLE_BROWSER'] ?? '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `no browser at ${executablePath} (set MAKEWHOLE_BROWSER)`;
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-page-'));
const file = join(folder, 'report.html');
writeFileSync(file, htmlOf(reportDocument(INPUT)));
let browser: Browser | undefined;

before(async () => {
  if (skip === false) browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page; every request that is not for the page itself, and every complaint of the browser, is noted. */
async function open(width: number, colorScheme: 'light' | 'dark', complaints: string[]): Promise<Page> {
  const context = await (browser as Browser).newContext({ viewport: { width, height: 850 }, colorScheme });
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

const measures = readFileSync(join(import.meta.dirname, 'report-page.browser.mjs'), 'utf8');

/** What one of the measures says of the page. */
async function measured<T>(page: Page, name: string): Promise<T> {
  return (await page.evaluate(`${measures}\nmeasures.${name}()`)) as T;
}

interface Labels {
  readonly overflow: number;
  readonly texts: number;
  readonly smallest: number;
  readonly cut: readonly string[];
  readonly collisions: readonly string[];
}

for (const width of [320, 390, 768, 1440]) {
  test(`${width} pixels wide: nothing sticks out, no label is cut, too small or on another, nothing is asked for`, {
    skip,
  }, async () => {
    const complaints: string[] = [];
    const page = await open(width, 'light', complaints);
    const { overflow, texts, smallest, cut, collisions } = await measured<Labels>(page, 'labels');
    assert.deepEqual(complaints, []);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    assert.ok(texts > 40, `${texts} labels`);
    // A phone of 320 pixels is the narrowest there is.
    assert.ok(smallest >= (width === 320 ? 8.5 : 10), `${smallest} pixels`);
    assert.deepEqual([cut, collisions], [[], []]);
    await page.context().close();
  });
}

for (const scheme of ['light', 'dark'] as const) {
  test(`every text can be read in ${scheme}: its contrast is 4.5 to 1 or more`, { skip }, async () => {
    const page = await open(1440, scheme, []);
    assert.deepEqual(await measured(page, 'poorContrasts'), []);
    await page.context().close();
  });
}

test('a keyboard reaches the summary and every frame that scrolls; headings are in order', { skip }, async () => {
  const page = await open(390, 'light', []);
  await page.keyboard.press('Tab');
  assert.equal(await measured(page, 'focused'), 'To the summary');
  const frames = await measured<boolean[]>(page, 'frames');
  assert.ok(frames.length > 8 && frames.every(Boolean));
  assert.deepEqual(await measured(page, 'headings'), ['H1', ...Array.from({ length: 15 }, () => 'H2')]);
  await page.context().close();
});

test('in dark the page is dark, and its two worlds are still told apart', { skip }, async () => {
  const colours: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    const page = await open(1440, scheme, []);
    colours.push(...(await measured<string[]>(page, 'colours')));
    await page.context().close();
  }
  assert.equal(new Set(colours).size, 6);
});
