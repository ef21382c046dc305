// The verifier of one file, which shares no code with the project, says the same of every receipt as the project's own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canonicalJson, type Json } from '../src/remedy/canonical-json.ts';
import { NETTINGS } from '../src/remedy/policy-document.ts';
import type { PublicRoots, Receipt } from '../src/remedy/receipt.ts';
import { NotAReceipt } from '../src/remedy/receipt-form.ts';
import {
  AWARDS,
  type InventedAccount,
  inventedAccounts,
  policyLike,
  receiptsOf,
  statementOf,
  warrantOf,
} from '../src/remedy/receipt.fixture.ts';
import type { AwardBasis, AwardStatement } from '../src/remedy/award.ts';
import { POLICIES, type PolicyName } from '../src/remedy/refund-policy.ts';
import type { Statement } from '../src/remedy/statement.ts';
import { verifyReceipt } from '../src/remedy/verify-receipt.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-receipts-'));
const verifier = join(dirname(dirname(fileURLToPath(import.meta.url))), 'verifier', 'verify-receipt.mjs');
after(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { status: number | null; lines: string[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, ...args]);
  return { status, lines: String(stdout).trim().split('\n'), stderr: String(stderr) };
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function judged(receipt: unknown, roots?: PublicRoots) {
  const files = [write('receipt.json', JSON.stringify(receipt))];
  if (roots !== undefined) files.push(write('roots.json', JSON.stringify(roots)));
  return run(...files);
}

const policy = policyLike();
const statements = inventedAccounts(policy).map((account) => statementOf(policy, account));
const made = receiptsOf(policy, statements);
const harmed = made.receipts[1] as Receipt;

test('both pass every receipt, by the same statements', () => {
  for (const receipt of made.receipts) {
    const ours = verifyReceipt(receipt, made.roots);
    assert.ok(ours.every(({ holds }) => holds));
    const { status, lines, stderr } = judged(receipt, made.roots);
    assert.equal(status, 0, lines.join('\n') + stderr);
    assert.deepEqual(
      lines,
      ours.map(({ statement }) => `PASS  ${statement}`),
    );
  }
});

test('both compute the same under every policy, every netting and every end of an interval', () => {
  for (const pays of Object.keys(POLICIES) as PolicyName[]) {
    const all = NETTINGS.flatMap((netting) => {
      const of = policyLike({ pays, netting, intervalLimit: netting === 'gross' ? '0' : '100000000000' });
      const book = receiptsOf(
        of,
        inventedAccounts(of).map((account) => statementOf(of, account)),
      );
      return book.receipts.filter(({ index }) => index === 1 || index === 4);
    });
    const many = join(folder, `policy-${pays}`);
    mkdirSync(many);
    all.forEach((receipt, place) => writeFileSync(join(many, `${place}.json`), JSON.stringify(receipt)));
    const { status, lines } = run(many);
    assert.deepEqual([status, lines], [0, ['6 of 6 receipts hold']]);
  }
});

/** Receipts of a statement altered by the venue itself: its trees are over what it says. */
function forged(members: Partial<Statement>): { receipt: Receipt; roots: PublicRoots } {
  const { roots, receipts } = receiptsOf(policy, [{ ...harmed.statement, ...members }]);
  return { receipt: receipts[0] as Receipt, roots };
}

test('both fail an altered one, by the same statements', () => {
  const { statement } = harmed;
  const [first, second] = statement.chains as [Statement['chains'][number], Statement['chains'][number]];
  const warrant = warrantOf(3, 8_999);
  const altered: { receipt: Receipt; roots: PublicRoots }[] = [
    ...[
      { ...harmed, index: 2 },
      { ...harmed, index: 6 },
      { ...harmed, salt: '00'.repeat(32) },
      { ...harmed, proof: harmed.proof.slice(1) },
      { ...harmed, policy: policyLike({ version: 2 }) },
      { ...harmed, roots: { ...harmed.roots, round: 2 } },
      { ...harmed, statement: { ...statement, other: { ...statement.other, end: '0' } } },
      { ...harmed, sumPath: harmed.sumPath.map((step) => ({ ...step, isLeft: !step.isLeft })) },
      { ...harmed, sumPath: [{ isLeft: true, sum: String(1n << 127n), hash: '00'.repeat(32) }] },
    ].map((receipt) => ({ receipt, roots: made.roots })),
    forged({ refund: '1', paid: '1', owed: '0' }),
    forged({ start: '0' }),
    forged({ causes: [] }),
    forged({ chains: [first] }),
    forged({ chains: [{ ...first, flows: [] }, second] }),
    forged({ chains: [{ ...first, loss: '1' }, second] }),
    forged({ chains: [first, { ...second, excluded: '0' }] }),
    forged({ netted: '5' }),
    forged({ interest: '0', goodwill: '0' }),
    forged({ interval: { low: statement.difference, high: '0' } }),
    forged({ reason: 'EVEN' }),
    forged({ reason: 'PAID_BEFORE' }),
    forged({ paidBefore: '5' }),
    forged({ reason: 'HOUSE' }),
    forged({ reason: 'GAIN_NOT_PURSUED' }),
    forged({ reversed: '1' }),
    forged({ warrants: [] }),
    forged({ forced: [] }),
    forged({ account: 4 }),
    forged({ warrants: [warrant.replace('"fees":"0"', '"fees":"1"')] }),
    forged({ warrants: [warrant.replace('"",true', '"",false')] }),
    forged({ warrants: [warrant.replace('"now":"-42680000000"', '"now":"900000000000"')] }),
    forged({ warrants: [` ${warrant}`] }),
  ];
  for (const { receipt, roots } of altered) {
    const failed = verifyReceipt(receipt, roots).flatMap(({ holds, statement: text }) => (holds ? [] : [text]));
    const { status, lines, stderr } = judged(receipt, roots);
    assert.equal(status, 1, stderr);
    const theirs = lines.flatMap((line) => (line.startsWith('FAIL') ? [line.slice(6)] : []));
    assert.deepEqual(theirs, failed);
    assert.ok(failed.length > 0);
  }
});

test('both know what may be awarded: by the rule, on evidence, once, within the caps', () => {
  const [leg, fear, fills, goodwill] = AWARDS as readonly [
    AwardStatement,
    AwardStatement,
    AwardStatement,
    AwardStatement,
  ];
  const basis = leg.basis as AwardBasis;
  const { awards: caps } = policy;
  const lists: readonly (readonly [boolean, readonly AwardStatement[]])[] = [
    [true, AWARDS],
    [true, []],
    [true, [{ ...leg, amount: '1' }]],
    [true, [{ ...leg, basis: { ...basis, size: '-10', truePrice: '100000000' } }]],
    [false, [{ ...leg, amount: '2100000001' }]],
    [false, [{ ...leg, basis: { ...basis, costs: '99999999' } }]],
    [false, [{ ...leg, basis: { ...basis, size: '-10' } }]],
    [false, [{ ...leg, basis: null }]],
    [false, [{ ...leg, evidence: null }]],
    [false, [{ ...leg, amount: '50000000001', basis: { ...basis, size: '1000' } }]],
    [true, [{ ...leg, amount: caps.T2, basis: { ...basis, size: '1000' } }]],
    [
      false,
      [
        { ...leg, amount: caps.T2, basis: { ...basis, size: '1000' } },
        { ...fills, amount: '1' },
      ],
    ],
    // The edge of the band is rounded in the account’s favour: 2 % of a price of 3 is nothing to a short, a whole unit to a long.
    [true, [{ ...fear, amount: '10', basis: { ...basis, size: '-10', price: '4', truePrice: '3', costs: '0' } }]],
    [true, [{ ...fear, amount: '10', basis: { ...basis, size: '10', price: '2', truePrice: '3', costs: '0' } }]],
    [false, [{ ...fear, amount: '11', basis: { ...basis, size: '10', price: '2', truePrice: '3', costs: '0' } }]],
    [true, [{ ...fear, amount: '10', basis: { ...basis, size: '10', price: '-4', truePrice: '-3', costs: '0' } }]],
    [true, [{ ...fear, amount: '0', basis: { ...basis, size: '-10', price: '-4', truePrice: '-3', costs: '0' } }]],
    [false, [{ ...fear, amount: '1000000001' }]],
    [false, [{ ...fills, amount: '200000001' }]],
    [false, [fills, { ...fills, dispute: 8, amount: '1' }]],
    [false, [{ ...fills, basis }]],
    [true, [{ ...goodwill, amount: '7' }]],
    [false, [goodwill, { ...goodwill, dispute: 9, amount: '1' }]],
    [false, [{ ...goodwill, cause: 'liquidation_price', amount: '1', evidence: leg.evidence }]],
  ];
  const account = inventedAccounts(policy).at(-1) as InventedAccount;
  for (const [isRight, awards] of lists) {
    const isPaid = awards.some(({ amount }) => amount !== '0');
    const members = { awards, reason: isPaid ? ('AWARDED' as const) : ('OUTSIDE_POLICY' as const) };
    const { receipts, roots } = receiptsOf(policy, [statementOf(policy, { ...account, members })]);
    const failed = verifyReceipt(receipts[0], roots).flatMap(({ holds, statement: text }) => (holds ? [] : [text]));
    const about = JSON.stringify(awards);
    assert.deepEqual(failed, isRight ? [] : ['what was awarded is by the rule and within the caps'], about);
    const theirs = judged(receipts[0], roots).lines.flatMap((line) => (line.startsWith('FAIL') ? [line.slice(6)] : []));
    assert.deepEqual(theirs, failed, about);
  }
});

test('without the published roots it is checked against its own; what is no receipt is refused', () => {
  assert.equal(judged(harmed).status, 0);
  for (const other of [
    { format: 'something else' },
    null,
    { ...harmed, more: 1 },
    { ...harmed, salt: undefined },
    { ...harmed, statement: { ...harmed.statement, netted: '-1' } },
    { ...harmed, statement: { ...harmed.statement, reason: 'NO_REASON' } },
    // A way that is longer than that of any tree costs a verifier as long as its sender likes.
    { ...harmed, proof: Array.from({ length: 65 }, () => '00'.repeat(32)) },
    { ...harmed, sumPath: Array.from({ length: 65 }, () => ({ isLeft: true, sum: '0', hash: '00'.repeat(32) })) },
  ]) {
    assert.throws(() => verifyReceipt(other, made.roots));
    assert.equal(judged(other).status, 2);
  }
  assert.equal(run(write('a.json', 'no JSON')).status, 2);
  assert.equal(run().status, 2);
});

/** Deterministic numbers in [0, limit): the test alters the same bytes each time. */
function* numbers(limit: number): Generator<number, never> {
  for (let state = 0x2545_f491; ; ) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9;
    yield ((state ^ (state >>> 13)) >>> 0) % limit;
  }
}

/** The value of these bytes as canonical text; undefined when they hold none. */
function valueOf(bytes: Uint8Array): string | undefined {
  try {
    return canonicalJson(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json);
  } catch {
    return undefined;
  }
}

function isFound(bytes: Uint8Array): boolean {
  const value = valueOf(bytes);
  if (value === undefined) return true;
  try {
    return verifyReceipt(JSON.parse(value), made.roots).some(({ holds }) => !holds);
  } catch (error) {
    if (error instanceof NotAReceipt) return true;
    throw error;
  }
}

test('any altered byte of a receipt is found by both, wherever it is', () => {
  const whole = new TextEncoder().encode(JSON.stringify(harmed, undefined, 1));
  const value = valueOf(whole);
  const many = join(folder, 'altered');
  mkdirSync(many);
  const [bits, steps] = [numbers(8), numbers(9)];
  let [altered, same] = [0, 0];
  for (let place = 0; place < whole.length; place += 1 + steps.next().value) {
    const bytes = whole.slice();
    (bytes as Uint8Array)[place] = (whole[place] as number) ^ (1 << bits.next().value);
    if (valueOf(bytes) === value) same++;
    else {
      assert.ok(isFound(bytes), `byte ${place}`);
      writeFileSync(join(many, `${place}.json`), bytes);
      altered++;
    }
  }
  assert.ok(altered > 1_000 && same < altered / 4, `${altered} altered, ${same} of the same value`);
  const { status, lines } = run(many, write('roots.json', JSON.stringify(made.roots)));
  assert.equal(status, 2);
  assert.equal(lines.at(-1), `0 of ${altered} receipts hold`);
});
