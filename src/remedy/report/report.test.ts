import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dossier } from '../dossier.ts';
import { DESK_FACTS } from '../desk-facts.ts';
import { DOSSIER as FORM } from '../dossier-form.ts';
import { htmlOf } from './html.ts';
import { markdownOf } from './markdown.ts';
import { DOSSIER, INPUT } from './report.fixture.ts';
import { reportDocument } from './report.ts';
import type { ReportInput } from './report-input.ts';

function written(input: ReportInput): { markdown: string; html: string } {
  const document = reportDocument(input);
  return { markdown: markdownOf(document), html: htmlOf(document) };
}

/** What a reader sees of the page: its text, without markup and without what only a drawing says. */
function textOf(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>|<svg[\s\S]*?<\/svg>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
}

const { markdown, html } = written(INPUT);

test('the fixture is a dossier by its form', () => {
  assert.equal(FORM(DOSSIER, ''), undefined);
});

test('the sums of the corrected world are not told where they would tell what one account took out', () => {
  const { conservation } = DOSSIER;
  const dossier: Dossier = { ...DOSSIER, conservation: { ...conservation, other: null } };
  assert.equal(FORM(dossier, ''), undefined);
  const { markdown: told } = written({ ...INPUT, dossier });
  assert.ok(told.includes('Fewer than five accounts brought money in, or took it out, in one of the worlds alone.'));
  const row = (text: string): string =>
    /^\| Deposits less withdrawals, since the venue began \|.*$/m.exec(text)?.[0] ?? '';
  assert.match(row(told), /not told \| not told \|$/);
  assert.doesNotMatch(row(markdown), /not told/);
});

test('what fewer than five accounts would owe is not told of any remedy', () => {
  const { options } = INPUT;
  assert.ok(options !== undefined);
  const row = (debtors: number): string => {
    const rollback = { ...options.options.rollback, debtors };
    const { markdown: told } = written({
      ...INPUT,
      options: { ...options, options: { ...options.options, rollback } },
    });
    return /^\| Roll back \|.*$/m.exec(told)?.[0] ?? '';
  };
  assert.match(row(5), /57,210\.00 \| 1,204 \| 7,000\.00 \|$/);
  assert.match(row(4), /not told \| 1,204 \| not told \|$/);
});

test('what is refunded beyond what is lacking, or less, has a line: the totals by cause can be added up', () => {
  const lacked = DOSSIER.causes.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  const { interest, goodwill } = DOSSIER.totals;
  const lines = (usdc: bigint, round = 1): string => {
    const refund = String(lacked + BigInt(interest) + BigInt(goodwill) + usdc * 100_000_000n);
    const dossier: Dossier = { ...DOSSIER, round, totals: { ...DOSSIER.totals, refund } };
    return written({ ...INPUT, dossier }).markdown;
  };
  const beyond = '| … of it beyond what they lack, by the policy | 1,234.00 USDC |';
  const less = '| What they lack beyond it, not paid without a claim | 56.00 USDC |';
  assert.deepEqual([lines(1234n).includes(beyond), lines(-56n).includes(less)], [true, true]);
  for (const other of [lines(0n), lines(1234n, 2)]) assert.doesNotMatch(other, /beyond what they lack|lack beyond it/);
});

test('all fifteen sections are there, in both writings, in order', () => {
  const titles = reportDocument(INPUT).sections.map(({ title }) => title);
  assert.equal(titles.length, 15);
  assert.deepEqual(
    [...markdown.matchAll(/^## \d+\. (.*)$/gm)].map(([, title]) => title),
    titles,
  );
  const headings = [...html.matchAll(/<h2 [^>]*><span class="place">\d+<\/span>(.*?)<\/h2>/g)];
  assert.deepEqual(
    headings.map(([, title]) => title),
    titles,
  );
});

test('both writings say every number of the dossier that is for people', () => {
  const page = textOf(html);
  for (const number of [
    '650,431.77',
    '4,812',
    '402,118.24',
    '5,213.40',
    '4,602.00',
    '−18,106.20',
    '8,402,118.40',
    '15.7871 %',
    '57,210.00',
    '61,320,118.33000017',
    '1,204',
    '20,411',
    '9.5 %',
    '2,124.47',
    DOSSIER.roots.refundRoot,
    DOSSIER.roots.sumRoot,
    DOSSIER.policy.hash,
    DOSSIER.case.hash,
    INPUT.dossierHash,
    '2026-01-19 04:27:54 UTC',
    'fewer than 5',
  ]) {
    assert.ok(page.includes(number), `${number} is not on the page`);
    assert.ok(markdown.includes(number), `${number} is not in the Markdown`);
  }
});

test('the page needs nothing else: no script, no request, no handler', () => {
  assert.doesNotMatch(html, /<script|<link|<img|<iframe|\ssrc=|url\(|@import|\son\w+=|https?:/i);
  assert.match(html, /default-src 'none'/);
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target), `#${target}`);
});

test('every drawing has a title and a description, every table a caption and heads, every chart a table', () => {
  for (const [svg] of html.matchAll(/<svg[^>]*>/g)) assert.match(svg, /aria-labelledby=|aria-hidden="true"/);
  const tables = [...html.matchAll(/<table[^>]*>(?<caption><caption>)?[\s\S]*?<\/table>/g)];
  assert.ok(tables.length > 8);
  for (const [table, caption] of tables) {
    assert.equal(caption, '<caption>');
    assert.match(table, /<th scope="col"/);
  }
  const figures = html.split('<figure>').length - 1;
  assert.ok(figures >= 8, `${figures} figures`);
  assert.equal(html.match(/<summary>The numbers<\/summary>/g)?.length, 3);
});

test('text from outside cannot become markup', () => {
  const hostile = '<script>alert(1)</script> & "x" | [a](b) *c* `d`';
  const dossier: Dossier = {
    ...DOSSIER,
    case: { ...DOSSIER.case, name: hostile, reason: hostile, markets: [hostile] },
    markets: DOSSIER.markets.map((series) => ({ ...series, market: hostile })),
    timeline: [{ timeMs: 0, fork: 0, height: 0, what: hostile }],
    halts: [{ what: hostile, market: hostile, fromMs: 0, toMs: null }],
    checks: [{ name: hostile, holds: false, detail: hostile }],
    divergence: {
      ...DOSSIER.divergence,
      minutes: DOSSIER.divergence.minutes.map((each) => ({ ...each, market: hostile })),
    },
  };
  const notes = { ...(INPUT.notes as NonNullable<ReportInput['notes']>), rootCause: [hostile], detection: [hostile] };
  const both = written({ ...INPUT, dossier, notes });
  assert.doesNotMatch(both.html, /<script|alert\(1\)<\//);
  assert.ok(textOf(both.html).includes('<script>alert(1)</script> & "x" | [a](b) *c*'));
  const prose = both.markdown.split('\n').filter((line) => line.includes('alert'));
  assert.ok(prose.length > 5);
  for (const line of prose)
    assert.match(line, /\\<script\\>alert\(1\)\\<\/script\\> & "x" \\\| \\\[a\\\]\(b\) \\\*c\\\*/);
});

test('what is not there is said to be not there', () => {
  const nothing = written({ ...INPUT, notes: undefined, options: undefined, approvals: [], payout: undefined });
  assert.equal(nothing.markdown.match(/The venue has published no account of this/g)?.length, 3);
  assert.match(nothing.markdown, /Nobody has approved this dossier yet/);
  const bare: Dossier = {
    ...DOSSIER,
    accounts: { ...DOSSIER.accounts, refunded: 'fewer than 5' },
    causes: [],
    distribution: [],
    markets: [],
    harmedEquity: [],
    timeline: [],
    halts: [],
    rollback: null,
    divergence: { ...DOSSIER.divergence, minutes: [], byReference: [] },
  };
  const { markdown: text, html: page } = written({ ...INPUT, dossier: bare });
  assert.match(text, /Nothing was halted/);
  assert.match(text, /nothing was rolled back/);
  assert.match(text, /No order came out otherwise/);
  assert.match(text, /fewer than 5 accounts are refunded/);
  assert.doesNotMatch(page, /NaN|undefined|<figure>/);
});

test('a check that does not hold stands at the head of the report, and where it belongs', () => {
  const checks = DOSSIER.checks.map((check) =>
    check.name === 'conservation' ? { ...check, holds: false, detail: 'residual 3' } : check,
  );
  const { markdown: text, html: page } = written({ ...INPUT, dossier: { ...DOSSIER, checks } });
  assert.match(text, /This is a draft that cannot be approved: conservation does not hold/);
  assert.match(text, /\*\*FAIL\*\* conservation: residual 3/);
  assert.match(page, /class="fail">FAIL/);
});

test('an amount of so few accounts that it would be theirs is not told', () => {
  const totals = { ...DOSSIER.totals, reversed: null as unknown as string, gainsNotPursued: null as unknown as string };
  const dossier = { ...DOSSIER, totals };
  assert.equal(FORM(dossier, ''), undefined);
  assert.equal(
    written({ ...INPUT, dossier, desk: undefined }).markdown.match(/not told: it is of fewer than five accounts/g)
      ?.length,
    2,
  );
});

test('how claims were decided is told, and what was awarded; of so few that it would be theirs, not how much', () => {
  assert.equal(DESK_FACTS(INPUT.desk, ''), undefined);
  assert.match(markdown, /\| Awarded by rule, on evidence \(T2\) \| 8, 6,204\.50 USDC \|/);
  assert.match(
    markdown,
    /\| Awarded as goodwill \(T3\) \| fewer than 5, not told: it is of fewer than five accounts \|/,
  );
  const awards: Dossier['awards'] = [{ tier: 'T2', accounts: 8, amount: '620450000000' }];
  const { markdown: text } = written({ ...INPUT, dossier: { ...DOSSIER, round: 2, awards }, desk: undefined });
  assert.match(text, /Refunded by this round: .* Awarded on claims so far in T2: to 8 accounts, 6,204\.50 USDC\./);
  assert.match(text, /No claim has been opened against this round/);
});

test('what later notice cost is told, and who bears it; of so few that it would be theirs, not how much', () => {
  const texts = [DOSSIER.mitigation, { accounts: 'fewer than 5', cost: null }, { accounts: 0, cost: '0' }].map(
    (mitigation) => written({ ...INPUT, dossier: { ...DOSSIER, mitigation } as Dossier }).markdown,
  );
  assert.match(
    texts[0] as string,
    /told later: 7\. .*the mitigation window\) is 4,120\.75 USDC, which the house bears/,
  );
  assert.match(texts[1] as string, /told later: fewer than 5\. .*the mitigation window\) is not told: it is of fewer/);
  assert.match(texts[2] as string, /Nobody is known to have been told later than everybody/);
});

test('where the worlds part only late, a chart begins a little before that, with the value that held', () => {
  const start = DOSSIER.case.from.timeMs;
  const points = [0, 21_600, 21_610, 21_660].map((second) => ({
    timeMs: start + second * 1_000,
    actual: second < 21_600 ? '500000000' : '400000000',
    other: '500000000',
  }));
  const late = {
    ...DOSSIER,
    markets: [{ market: 'LATE', what: 'mark' as const, unitsUsdc: '100000000', points }],
    harmedEquity: [],
  };
  const section = reportDocument({ ...INPUT, dossier: late }).sections.find(({ id }) => id === 'blast-radius');
  const block = section?.blocks.find(({ kind }) => kind === 'charts');
  assert.ok(block?.kind === 'charts');
  const [chart] = block.charts;
  assert.deepEqual(chart?.actual, [
    { timeMs: start + 21_540_000, value: 5 },
    { timeMs: start + 21_600_000, value: 4 },
    { timeMs: start + 21_610_000, value: 4 },
    { timeMs: start + 21_660_000, value: 4 },
  ]);
});
