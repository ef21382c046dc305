import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../chain/digest.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import type { Cause } from './cause.ts';
import { NETTINGS } from './policy-document.ts';
import type { Receipt } from './receipt.ts';
import { NotAReceipt } from './receipt-form.ts';
import { inventedAccounts, policyLike, receiptsOf, statementOf, warrantOf } from './receipt.fixture.ts';
import { POLICIES, type PolicyName } from './refund-policy.ts';
import type { Statement } from './statement.ts';
import { verifyReceipt } from './verify-receipt.ts';

const policy = policyLike();
const statements = inventedAccounts(policy).map((account) => statementOf(policy, account));
const made = receiptsOf(policy, statements);
const harmed = made.receipts[1] as Receipt;

function requireHolds(receipt: Receipt, roots = made.roots): void {
  for (const { statement, holds, detail } of verifyReceipt(receipt, roots)) assert.ok(holds, `${statement}: ${detail}`);
}

function failedOf(receipt: unknown, roots: unknown = made.roots): string[] {
  return verifyReceipt(receipt, roots).flatMap(({ statement, holds }) => (holds ? [] : [statement]));
}

test('every receipt verifies, zeros among them, and the total is the sum of all', () => {
  assert.equal(made.roots.leaves, statements.length);
  const total = statements.reduce((sum, { refund }) => sum + BigInt(refund), 0n);
  assert.equal(made.roots.total, String(total));
  assert.ok(total > 0n);
  made.receipts.forEach((receipt) => requireHolds(receipt));
});

test('the harmed account of the worked example gets restoration, interest and goodwill', () => {
  const { principal, interest, goodwill, refund } = harmed.statement;
  // D is 2,124, E is 1,704: the larger; the other chain gives −5 without the fills, which are not paid without a claim.
  assert.equal(principal, '212400000000');
  // 8 % a year for the day that has begun: 2,124 × 0.08 / 365 = 0.465534246… rounded up.
  assert.equal(interest, '46553425');
  assert.equal(goodwill, '100000000');
  assert.equal(refund, '212546553425');
});

test('a receipt that went through a file verifies', () => {
  requireHolds(JSON.parse(canonicalJson(harmed as unknown as Json)) as Receipt);
});

test('a receipt of one account verifies alone', () => {
  const [, statement] = statements;
  const one = receiptsOf(policy, [statement as Statement]);
  assert.equal(one.roots.leaves, 1);
  const [receipt] = one.receipts;
  requireHolds(receipt as Receipt, one.roots);
});

test('every policy and every netting can be verified from the receipt', () => {
  const gives = new Set<string>();
  for (const pays of Object.keys(POLICIES) as PolicyName[]) {
    for (const netting of NETTINGS) {
      const other = policyLike({ pays, netting });
      const book = receiptsOf(
        other,
        inventedAccounts(other).map((account) => statementOf(other, account)),
      );
      for (const receipt of book.receipts) requireHolds(receipt, book.roots);
      gives.add(`${pays} ${(book.receipts[1] as Receipt).statement.principal}`);
    }
  }
  for (const [pays, usdc] of [
    ['A', 224],
    ['B', 1_674],
    ['C', 724],
    ['D', 2_124],
    ['E', 1_704],
    ['F', 2_324],
    ['G', 2_124],
    ['DE', 2_124],
  ] as const) {
    assert.ok(gives.has(`${pays} ${usdc}00000000`), `${pays} does not give ${usdc}`);
  }
});

/** Every value of a document that can be altered, with an alteration of it. */
function* alterations(value: Json, path: (string | number)[] = []): Generator<{ path: (string | number)[]; to: Json }> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      yield* alterations(member as Json, [...path, Array.isArray(value) ? Number(key) : key]);
    }
    if (Array.isArray(value)) yield { path, to: [...value, ...value.slice(0, 1)] };
    if (Array.isArray(value) && value.length > 0) yield { path, to: value.slice(1) };
  } else if (typeof value === 'number') yield { path, to: value + 1 };
  else if (typeof value === 'boolean') yield { path, to: !value };
  else if (value === null) yield { path, to: '0' };
  else if (typeof value === 'string') {
    yield { path, to: value.replace(/.$/, (last) => (last === '0' ? '1' : '0')) };
    yield { path, to: '0' };
    yield { path, to: `-${value}` };
  }
}

function altered(receipt: Receipt, path: readonly (string | number)[], to: Json): Receipt {
  const copy = structuredClone(receipt) as unknown as Record<string | number, never>;
  const parent = path.slice(0, -1).reduce<Record<string | number, never>>((at, key) => at[key] as never, copy);
  parent[path.at(-1) as string] = to as never;
  return copy as unknown as Receipt;
}

test('altering any one value of a receipt makes a statement fail, or is no receipt at all', () => {
  let count = 0;
  for (const receipt of made.receipts) {
    const text = canonicalJson(receipt as unknown as Json);
    for (const { path, to } of alterations(receipt as unknown as Json)) {
      const other = altered(receipt, path, to);
      if (canonicalOrNone(other) === text) continue;
      count++;
      try {
        assert.ok(failedOf(other).length > 0, `${path.join('.')} → ${JSON.stringify(to)}`);
      } catch (error) {
        assert.ok(error instanceof NotAReceipt, `${path.join('.')}: ${String(error)}`);
      }
    }
  }
  assert.ok(count > 1_000, `${count}`);
});

function canonicalOrNone(value: unknown): string {
  try {
    return canonicalJson(value as Json);
  } catch {
    return '';
  }
}

/** The numbers of a statement altered, then hashed into new trees: what a dishonest venue would publish. */
function forged(members: Partial<Statement>): string[] {
  const statement = { ...harmed.statement, ...members };
  const book = receiptsOf(policy, [statement]);
  return failedOf(book.receipts[0], book.roots);
}

test('a venue that publishes a false statement is found by the statement that is false', () => {
  const { statement } = harmed;
  const [first, second] = statement.chains as [Statement['chains'][number], Statement['chains'][number]];
  const found = (members: Partial<Statement>, name: RegExp): void => {
    const failed = forged(members);
    assert.ok(
      failed.some((text) => name.test(text)),
      `${name}: ${failed.join('; ')}`,
    );
  };
  found({ start: '0' }, /equity it has/);
  found({ other: { flows: [], end: statement.other.end } }, /equity it would have/);
  found({ difference: '1' }, /difference = /);
  found({ causes: [] }, /causes sum/);
  found({ chains: [first] }, /every part of the difference/);
  found({ chains: [{ ...first, flows: [] }, second] }, /all that happened/);
  found({ chains: [{ ...first, loss: '1' }, second] }, /sums of its parts/);
  found({ chains: [{ ...first, amount: '1' }, second] }, /what the policy gives for it/);
  found({ chains: [first, { ...second, excluded: '0' }] }, /what the policy gives for it/);
  found({ netted: '5' }, /principal is/);
  found({ principal: '1' }, /principal is/);
  found({ interest: '1' }, /interest and goodwill/);
  found({ goodwill: '1' }, /interest and goodwill/);
  found({ refund: '1', paid: '1', owed: '0' }, /refund = principal/);
  found({ paid: '1' }, /refund = paid/);
  found({ reason: 'EVEN' }, /reason fits/);
  found({ reversed: '1' }, /reason fits/);
  found({ paidBefore: '1' }, /what was paid before/);
  found({ reason: 'PAID_BEFORE' }, /reason fits/);
  found({ reason: 'HOUSE' }, /principal is/);
  found({ interval: { low: '1', high: statement.difference } }, /uncertain/);
  found({ policy: '00'.repeat(32) }, /policy is the published/);
  found({ warrants: [] }, /warrant is of a forced action/);
  found({ account: 4 }, /warrant is of a forced action/);
  found({ forced: [] }, /warrant is of a forced action/);
  found({ warrants: ['no warrant'] }, /warrant explains/);
  const altered = (from: RegExp, to: string) => ({ warrants: [warrantOf(3, 8_999).replace(from, to)] });
  found(altered(/"fees":"0"/, '"fees":"1"'), /warrant explains/);
  found(altered(/"residual":"0"/, '"residual":"1"'), /warrant explains/);
  found(altered(/"status_allows","",true/, '"status_allows","",false'), /action was due/);
  found(altered(/"now":"-42680000000"/, '"now":"900000000000"'), /action was due/);
  found(altered(/"checks":\[.*\]/, '"checks":[]'), /action was due/);
});

test('a receipt of another incident, round, total or count does not verify', () => {
  for (const roots of [
    { ...made.roots, incident: '00'.repeat(32) },
    { ...made.roots, policy: '00'.repeat(32) },
    { ...made.roots, round: 2 },
    { ...made.roots, interest: { fromMs: 0, toMs: 0 } },
    { ...made.roots, total: '1541' },
    { ...made.roots, sumRoot: '11'.repeat(32) },
    { ...made.roots, leaves: 1 },
  ]) {
    assert.ok(failedOf(harmed, roots).length > 0);
  }
  assert.throws(() => verifyReceipt(harmed, { ...made.roots, more: 1 }), NotAReceipt);
  assert.throws(() => verifyReceipt({ ...harmed, index: -0 }, made.roots), NotAReceipt);
});

test('what was made with another secret has other roots: accounts cannot be found by trying', () => {
  const other = receiptsOf(policy, statements, { secret: new Uint8Array(32).fill(10) });
  assert.notEqual(other.roots.refundRoot, made.roots.refundRoot);
  assert.notEqual(other.roots.sumRoot, made.roots.sumRoot);
  assert.throws(() => receiptsOf(policy, statements, { secret: new Uint8Array(31) }), /31 bytes/);
});

test('another SHA-256 gives the same receipts', () => {
  const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
  assert.deepEqual(receiptsOf(policy, statements, { hash }), made);
});

test('the sum tree has leaves of nothing beside those of accounts, and an order that says nothing of theirs', () => {
  const many = Array.from({ length: 64 }, (_, place) =>
    statementOf(policy, { account: place + 10, start: 5n, chains: [] }),
  );
  const book = receiptsOf(policy, many);
  for (const receipt of book.receipts) {
    assert.equal(receipt.sumPath.length, 7, 'a power of two, with room for at least one leaf of nothing');
    requireHolds(receipt, book.roots);
  }
  const sides = book.receipts.map(({ sumPath }) => sumPath.map(({ isLeft }) => (isLeft ? 1 : 0)).join(''));
  assert.equal(new Set(sides).size, 64);
  const inOrder = book.receipts.map(({ sumPath }) =>
    sumPath.reduce((place, { isLeft }, level) => place + (isLeft ? 2 ** level : 0), 0),
  );
  assert.notDeepEqual(
    inOrder,
    inOrder.toSorted((a, b) => a - b),
  );
});

const amount = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
const cause = fc.constantFrom<Cause>('liquidation_price', 'funding', 'trigger', 'voluntary_fill', 'external');
const account = fc.record({
  account: fc.integer({ min: 1, max: 1_000_000 }),
  start: amount,
  chains: fc.array(
    fc.record({
      markets: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 3 }),
      flows: fc.array(fc.tuple(fc.constantFrom('fills', 'funding', 'fees'), amount), { maxLength: 4 }),
      causes: fc.array(fc.tuple(cause, amount), { maxLength: 4 }),
      isForced: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
});

test('whatever the numbers, a statement by the policy verifies', () => {
  fc.assert(
    fc.property(
      fc.array(account, { minLength: 1, maxLength: 9 }),
      fc.constantFrom(...NETTINGS),
      (accounts, netting) => {
        const other = policyLike({ netting });
        const unique = [...new Map(accounts.map((each) => [each.account, each])).values()];
        const book = receiptsOf(
          other,
          unique.map((each) => statementOf(other, each)),
        );
        for (const receipt of book.receipts) requireHolds(receipt, book.roots);
        assert.equal(toHex(fromHex(book.roots.refundRoot)), book.roots.refundRoot);
      },
    ),
    { numRuns: 60 },
  );
});
