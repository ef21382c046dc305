import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, type Json } from './canonical-json.ts';
import { makeReceipts, type Receipt, type Statement } from './receipt.ts';
import { NotAReceipt, verifyReceipt } from './verify-receipt.ts';

const INCIDENT = new Uint8Array(32).fill(7);
const SECRET = new Uint8Array(32).fill(9);

function statement(account: number, difference: number): Statement {
  const paid = String(Math.max(0, difference));
  return {
    account,
    key: account.toString(16).padStart(64, '0'),
    actual: '1000',
    other: String(1000 + difference),
    difference: String(difference),
    equityBefore: '1000',
    equityAfter: '1000',
    policy: 'DE',
    refund: paid,
    paid,
    owed: '0',
    reason: difference > 0 ? 'RESTORED' : difference < 0 ? 'GAIN_NOT_PURSUED' : 'UNAFFECTED',
    causes: difference === 0 ? [] : [{ cause: 'funding index', amount: String(difference) }],
  };
}

const statements = [1, 2, 3, 4, 5, 6, 7].map((account) =>
  statement(account, [0, 0, 500, -300, 41, 0, 999][account - 1] as number),
);
const made = makeReceipts(INCIDENT, SECRET, statements);

test('every receipt verifies, zeros among them, and the total is the sum of all', () => {
  assert.equal(made.roots.total, '1540');
  assert.equal(made.roots.leaves, 7);
  for (const receipt of made.receipts) {
    for (const { statement: text, holds, detail } of verifyReceipt(receipt, made.roots))
      assert.ok(holds, `${text}: ${detail}`);
  }
});

test('a receipt that went through a file verifies', () => {
  const receipt = JSON.parse(canonicalJson(made.receipts[2] as unknown as Json)) as Receipt;
  assert.ok(verifyReceipt(receipt, made.roots).every(({ holds }) => holds));
});

/** Every value of a document that can be altered, with an alteration of it. */
function* alterations(value: Json, path: (string | number)[] = []): Generator<{ path: (string | number)[]; to: Json }> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      yield* alterations(member as Json, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  } else if (typeof value === 'number') yield { path, to: value + 1 };
  else if (typeof value === 'boolean') yield { path, to: !value };
  else if (typeof value === 'string') yield { path, to: value.replace(/.$/, (last) => (last === '0' ? '1' : '0')) };
}

function altered(receipt: Receipt, path: readonly (string | number)[], to: Json): Receipt {
  const copy = structuredClone(receipt) as unknown as Record<string | number, never>;
  const parent = path.slice(0, -1).reduce<Record<string | number, never>>((at, key) => at[key] as never, copy);
  parent[path.at(-1) as string] = to as never;
  return copy as unknown as Receipt;
}

test('altering any one value of a receipt makes a statement fail, or is no receipt at all', () => {
  const receipt = made.receipts[2] as Receipt;
  let count = 0;
  for (const { path, to } of alterations(receipt as unknown as Json)) {
    const other = altered(receipt, path, to);
    count++;
    try {
      const failed = verifyReceipt(other, made.roots).filter(({ holds }) => !holds);
      assert.ok(failed.length > 0, path.join('.'));
    } catch (error) {
      assert.ok(error instanceof NotAReceipt, `${path.join('.')}: ${String(error)}`);
    }
  }
  assert.ok(count > 30);
});

test('a receipt of another incident or of a false total does not verify', () => {
  const receipt = made.receipts[0] as Receipt;
  for (const roots of [
    { ...made.roots, incident: '00'.repeat(32) },
    { ...made.roots, total: '1541' },
    { ...made.roots, sumRoot: '11'.repeat(32) },
    { ...made.roots, leaves: 8 },
  ]) {
    assert.ok(verifyReceipt(receipt, roots).some(({ holds }) => !holds));
  }
});

test('what was made with another secret has other roots: accounts cannot be found by trying', () => {
  const other = makeReceipts(INCIDENT, new Uint8Array(32).fill(10), statements);
  assert.notEqual(other.roots.refundRoot, made.roots.refundRoot);
  assert.notEqual(other.roots.sumRoot, made.roots.sumRoot);
});
