// The verifier of one file, which shares no code with the project, says the same of every receipt as the project's own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeReceipts, type PublicRoots, type Receipt, type Statement } from '../src/remedy/receipt.ts';
import { verifyReceipt } from '../src/remedy/verify-receipt.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-receipts-'));
const verifier = join(dirname(dirname(fileURLToPath(import.meta.url))), 'verifier', 'verify-receipt.mjs');
after(() => rmSync(folder, { recursive: true }));

function judged(receipt: unknown, roots?: PublicRoots): { status: number | null; lines: string[] } {
  const [file, rootsFile] = [join(folder, 'receipt.json'), join(folder, 'roots.json')];
  writeFileSync(file, JSON.stringify(receipt));
  if (roots !== undefined) writeFileSync(rootsFile, JSON.stringify(roots));
  const { status, stdout } = spawnSync(process.execPath, [verifier, file, ...(roots === undefined ? [] : [rootsFile])]);
  return { status, lines: String(stdout).trim().split('\n') };
}

const amounts = [0n, 212_400_000_000n, -399_000_000_000n, 1n, 10n ** 24n];
const statements = amounts.map((difference, place): Statement => {
  const refund = String(difference > 0n ? difference : 0n);
  return {
    account: place + 3,
    key: (place + 3).toString(16).padStart(64, '0'),
    actual: '-5',
    other: String(difference - 5n),
    difference: String(difference),
    equityBefore: '0',
    equityAfter: '0',
    policy: 'DE',
    refund,
    paid: refund,
    owed: '0',
    reason: 'RESTORED — “as it was”',
    causes: [{ cause: 'funding index', amount: String(difference) }],
  };
});
const made = makeReceipts(new Uint8Array(32).fill(3), new Uint8Array(32).fill(4), statements);

test('both pass every receipt', () => {
  for (const receipt of made.receipts) {
    assert.ok(verifyReceipt(receipt, made.roots).every(({ holds }) => holds));
    const { status, lines } = judged(receipt, made.roots);
    assert.equal(status, 0, lines.join('\n'));
    assert.equal(lines.length, 9);
  }
});

test('both fail an altered one, by the same statements', () => {
  const receipt = made.receipts[1] as Receipt;
  const { statement } = receipt;
  const altered: Receipt[] = [
    { ...receipt, index: 2 },
    { ...receipt, salt: '00'.repeat(32) },
    { ...receipt, proof: receipt.proof.slice(1) },
    { ...receipt, statement: { ...statement, refund: '212400000001', paid: '212400000001' } },
    { ...receipt, statement: { ...statement, other: '0' } },
    { ...receipt, sumPath: receipt.sumPath.map((step) => ({ ...step, isLeft: !step.isLeft })) },
  ];
  for (const other of altered) {
    const failed = verifyReceipt(other, made.roots).flatMap(({ holds, statement: text }) => (holds ? [] : [text]));
    const { status, lines } = judged(other, made.roots);
    assert.equal(status, 1);
    const theirs = lines.flatMap((line) => (line.startsWith('FAIL') ? [line.slice(6)] : []));
    assert.deepEqual(theirs.toSorted(), failed.toSorted());
    assert.ok(failed.length > 0);
  }
});

test('without the published roots it is checked against its own; what is no receipt is refused', () => {
  assert.equal(judged(made.receipts[0]).status, 0);
  assert.equal(judged({ format: 'something else' }).status, 2);
});
