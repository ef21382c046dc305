import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeReceipts, type Statement } from '../remedy/receipt.ts';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-receipt-'));
after(() => rmSync(folder, { recursive: true }));

const statements = [3, 4, 5].map((account): Statement => {
  return {
    account,
    key: account.toString(16).padStart(64, '0'),
    actual: '0',
    other: '70',
    difference: '70',
    equityBefore: '10',
    equityAfter: '0',
    policy: 'DE',
    refund: '70',
    paid: '70',
    owed: '0',
    reason: 'RESTORED',
    causes: [{ cause: 'funding index', amount: '70' }],
  };
});
const made = makeReceipts(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), statements);

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

async function verifyReceipt(...args: string[]) {
  const streams = memoryStreams();
  const code = await runProgram(['verify', 'receipt', ...args], streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

const roots = file('roots.json', made.roots);

test('a receipt passes statement by statement', async () => {
  const { code, stderr } = await verifyReceipt(file('good.json', made.receipts[1]), '--roots', roots);
  assert.equal(code, exitCodes.ok);
  assert.equal(stderr.match(/^PASS {2}/gm)?.length, 9);
  assert.doesNotMatch(stderr, /FAIL/);
});

test('without the public roots it says that it used those of the receipt', async () => {
  const { code, stdout } = await verifyReceipt(file('own.json', made.receipts[0]), '--json');
  const result = JSON.parse(stdout) as { holds: boolean; againstPublished: boolean; statements: unknown[] };
  assert.equal(code, exitCodes.ok);
  assert.deepEqual([result.holds, result.againstPublished, result.statements.length], [true, false, 9]);
});

test('an altered receipt fails with the statement and the numbers', async () => {
  const receipt = { ...made.receipts[2], statement: { ...statements[2], refund: '71', paid: '71' } };
  const { code, stderr } = await verifyReceipt(file('bad.json', receipt), '--roots', roots);
  assert.equal(code, exitCodes.finding);
  assert.match(stderr, /^FAIL {2}the refund is what the policy gives: the policy gives 70$/m);
});

test('what is no receipt is refused by name', async () => {
  for (const [name, args] of [
    ['not_a_receipt', [file('other.json', { format: 'something' })]],
    ['not_a_receipt', [file('null.json', 'null')]],
    ['not_json', [file('text.json', 'no JSON')]],
    ['file_not_found', [join(folder, 'none.json')]],
    ['missing_argument', []],
  ] as const) {
    const { code, stderr } = await verifyReceipt(...args);
    assert.equal(code, exitCodes.badInput);
    assert.match(stderr, new RegExp(`^makewhole: ${name}: `));
  }
});
