// What is published of an incident, from a venue on which something went wrong: nobody can be known by it, whatever went wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { writeCaseFolder } from '../../src/incident/case-folder.ts';
import { type Draft, draftIncident } from '../../src/incident/draft.ts';
import { readReportInput, writeReport } from '../../src/incident/report.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import type { IncidentCase } from '../../src/remedy/incident-case.ts';
import { exactUsdcText, usdcText } from '../../src/remedy/report/text.ts';
import type { Statement } from '../../src/remedy/statement.ts';
import { caseOf, falsePrices, tradeWrongly, type Wrong } from './incident.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-public-'));
after(() => rmSync(folder, { recursive: true }));

const FROM = 240;
const SECRET = new Uint8Array(32).fill(5);
const PUBLIC = ['roots.json', 'dossier.json', 'report.md', 'report.html'] as const;

const WRONGS: Readonly<Record<string, Wrong>> = {
  'a false index': {
    deviation: (tick) =>
      tick === FROM ? [{ table: 'market', row: 2, column: 'fundingIndex', index: 0, value: -4e14 }] : undefined,
  },
  'a false price': { falsify: falsePrices(2, FROM, FROM + 12, 860_000) },
};

/** A draft of such a venue in a folder of its own, with its report. */
function published(wrong: Wrong, seed: number, mode: IncidentCase['mode']): { path: string; draft: Draft } {
  const venue = tradeWrongly(wrong, { seed, ticks: 290, accounts: 150 });
  const incident = caseOf(venue, { mode });
  const { state: start } = stateAtBlock(venue.journal, incident.from.height);
  const roots = new DirectRoots(sha256);
  const draft = draftIncident({ incident, history: venue.journal, start, hash: sha256, roots, secret: SECRET });
  if ('finding' in draft) throw new Error(`${draft.finding}: ${draft.about}`);
  const path = mkdtempSync(join(folder, 'case-'));
  writeCaseFolder(path, incident, draft, SECRET);
  writeReport(readReportInput(path), path);
  return { path, draft };
}

/** Every amount that is of one account alone. */
function* amountsOf({ start, actual, other, difference, chains, ...statement }: Statement): Generator<string> {
  yield* [start, actual.end, other.end, difference];
  yield* [
    statement.principal,
    statement.interest,
    statement.refund,
    statement.paid,
    statement.owed,
    statement.reversed,
  ];
  for (const { amount } of [...actual.flows, ...other.flows, ...statement.causes]) yield amount;
  for (const chain of chains) yield* [chain.difference, chain.amount, chain.loss ?? '0'];
}

/** An amount of few digits stands in many numbers by chance; a longer one does not. */
const LEAST_DIGITS = 7;

/** What of one account stands in a text: its amounts in any writing, its key, its salt. */
function tracesOf(text: string, draft: Draft): string[] {
  const found: string[] = [];
  draft.receipts.forEach(({ statement, salt }) => {
    // What the venue's own accounts have is published.
    if (statement.reason === 'HOUSE') return;
    for (const secret of [statement.key, salt]) {
      if (!/^0+$/.test(secret) && text.includes(secret)) found.push(`${statement.account}: ${secret}`);
    }
    for (const amount of amountsOf(statement)) {
      const digits = amount.replace('-', '');
      if (digits.length < LEAST_DIGITS) continue;
      const writings = [exactUsdcText(digits), ...(digits.length > 11 ? [usdcText(digits)] : [])];
      const stands = writings.some((writing) => new RegExp(`(?<![\\d,.])${writing}(?![\\d,])`).test(text));
      if (stands || new RegExp(`(?<!\\d)${digits}(?!\\d)`).test(text)) found.push(`${statement.account}: ${amount}`);
    }
  });
  return found;
}

for (const [name, wrong] of Object.entries(WRONGS)) {
  for (const [seed, mode] of [
    [3, 'replay'],
    [5, 'bounded'],
    [7, 'reference'],
  ] as const) {
    test(`${name}, ${mode}, seed ${seed}: no account, key, salt or single amount is in the public files`, () => {
      const { path, draft } = published(wrong, seed, mode);
      assert.ok(draft.receipts.length > 100);
      for (const file of PUBLIC) {
        const text = readFileSync(join(path, file), 'utf8');
        assert.deepEqual(tracesOf(text, draft), [], file);
        assert.ok(!text.includes(toHex(SECRET)));
        assert.doesNotMatch(text, /account"?s?:? ?(?:number|no\.|#)? ?\d+\b(?! accounts)/i, file);
      }
    });
  }
}

test('series begin at the last good block, where both worlds are one, and end at the check time', () => {
  const { dossier } = published(WRONGS['a false index'] as Wrong, 3, 'replay').draft;
  const { from, to } = dossier.case;
  const [first] = dossier.harmedEquity;
  assert.equal(first?.timeMs, from.timeMs);
  assert.equal(first.actual, first.other);
  assert.equal(dossier.harmedEquity.at(-1)?.timeMs, to.timeMs);
  assert.ok(dossier.harmedEquity.some(({ actual, other }) => actual !== other));
  // A step of the sum may be what one account lost: it is told in round amounts.
  for (const { actual, other } of dossier.harmedEquity) assert.match(`${actual} ${other}`, /^-?\d+0{8} -?\d+0{8}$/);
  const index = dossier.markets.find(({ market, what }) => market === 'ETH-USD-PERP' && what === 'funding index');
  const [start, ...rest] = index?.points ?? [];
  assert.deepEqual([start?.timeMs, start?.actual], [from.timeMs, start?.other]);
  assert.ok(rest.some(({ actual, other }) => actual !== other));
});

test('the traces that are looked for are found where they are', () => {
  const { draft } = published(WRONGS['a false index'] as Wrong, 3, 'replay');
  const refunded = draft.receipts.find(({ statement }) => statement.refund.length > 11);
  assert.ok(refunded !== undefined);
  const { statement, salt } = refunded;
  for (const text of [
    `<td>${usdcText(statement.refund)}</td>`,
    `| ${exactUsdcText(statement.difference)} |`,
    `{"amount":"${statement.refund}"}`,
    statement.key,
    salt,
  ]) {
    assert.ok(tracesOf(text, draft).length > 0, text);
  }
});

test('the second verifier holds every receipt of the folder, against the roots that are published', () => {
  const { path, draft } = published(WRONGS['a false price'] as Wrong, 5, 'bounded');
  const verifier = join(dirname(dirname(import.meta.dirname)), 'verifier', 'verify-receipt.mjs');
  const { stdout, status } = spawnSync(process.execPath, [verifier, join(path, 'receipts'), join(path, 'roots.json')]);
  assert.equal(String(stdout), `${draft.receipts.length} of ${draft.receipts.length} receipts hold\n`);
  assert.equal(status, 0);
});
