import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inventedAccounts, policyLike, receiptsOf, statementOf } from '../remedy/receipt.fixture.ts';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-receipt-'));
after(() => rmSync(folder, { recursive: true }));

const verifier = join(import.meta.dirname, '../../verifier/verify-receipt.mjs');
const policy = policyLike();
const statements = inventedAccounts(policy).map((account) => statementOf(policy, account));
const made = receiptsOf(policy, statements);

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  return path;
}

async function verifyReceipts(...args: string[]) {
  const streams = memoryStreams();
  const code = await runProgram(['verify', 'receipt', ...args], streams);
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

const roots = file('roots.json', made.roots);

test('a receipt passes statement by statement', async () => {
  const { code, stderr } = await verifyReceipts(file('good.json', made.receipts[1]), '--roots', roots);
  assert.equal(code, exitCodes.ok);
  assert.equal(stderr.match(/^PASS {2}/gm)?.length, 23);
  assert.doesNotMatch(stderr, /FAIL/);
});

test('without the public roots it says that it used those of the receipt', async () => {
  const { code, stdout } = await verifyReceipts(file('own.json', made.receipts[0]), '--json');
  const result = JSON.parse(stdout) as { holds: boolean; againstPublished: boolean; statements: unknown[] };
  assert.equal(code, exitCodes.ok);
  assert.deepEqual([result.holds, result.againstPublished, result.statements.length], [true, false, 20]);
});

test('an altered receipt fails with the statement and the numbers', async () => {
  const receipt = { ...made.receipts[1], statement: { ...statements[1], principal: '71' } };
  const { code, stderr } = await verifyReceipts(file('bad.json', receipt), '--roots', roots);
  assert.equal(code, exitCodes.finding);
  assert.match(stderr, /^FAIL {2}the principal is what the policy gives: the policy gives 212400000000$/m);
});

test('what is no receipt is refused by name', async () => {
  for (const [name, args] of [
    ['not_a_receipt', [file('other.json', { format: 'something' })]],
    ['not_a_receipt', [file('null.json', 'null')]],
    ['not_json', [file('text.json', 'no JSON')]],
    ['not_json', [file('bytes.json', Buffer.from([0x22, 0xff, 0x22]))]],
    ['not_a_receipt', [file('own.json', made.receipts[0]), '--roots', file('no-roots.json', {})]],
    ['file_not_found', [join(folder, 'none.json')]],
    ['missing_argument', []],
  ] as const) {
    const { code, stderr } = await verifyReceipts(...args);
    assert.equal(code, exitCodes.badInput);
    assert.match(stderr, new RegExp(`^makewhole: ${name}: `));
  }
});

test('a member that is written twice is refused: what is verified is all that is written', async () => {
  const text = JSON.stringify(made.receipts[1], null, 2);
  const spaced = await verifyReceipts(file('spaced.json', text), '--roots', roots);
  assert.equal(spaced.code, exitCodes.ok, spaced.stderr);
  for (const [name, twice] of [
    ['refund', text.replace('"refund":', '"refund": "999999999999", "refund":')],
    ['escaped', text.replace('"refund":', '"\\u0072efund": "999999999999", "refund":')],
    ['statement', text.replace('"statement":', '"statement": {"refund": "1"}, "statement" :')],
    ['whole', text.replace('"salt":', '"salt": "a \\" \\\\", "salt":')],
  ] as const) {
    assert.notEqual(twice, text);
    const path = file(`${name}-twice.json`, twice);
    const { code, stderr } = await verifyReceipts(path, '--roots', roots);
    assert.match(stderr, /^makewhole: member_written_twice: /, name);
    assert.equal(code, exitCodes.badInput);
    const { status, stderr: said } = spawnSync(process.execPath, [verifier, path, roots], { encoding: 'utf8' });
    assert.deepEqual([status, said], [2, 'a member is written twice: only the last of them would be read\n'], name);
  }
});

test('a folder of receipts is verified whole, and what does not hold is named', async () => {
  const receipts = mkdtempSync(join(folder, 'receipts-'));
  made.receipts.forEach((receipt, place) => writeFileSync(join(receipts, `${place}.json`), JSON.stringify(receipt)));
  const good = await verifyReceipts(receipts, '--roots', roots);
  assert.equal(good.code, exitCodes.ok);
  assert.match(good.stderr, /^9 of 9 receipts hold\.$/m);
  writeFileSync(join(receipts, '0.json'), JSON.stringify({ ...made.receipts[0], index: 1 }));
  writeFileSync(join(receipts, '1.json'), 'no JSON');
  const { code, stdout } = await verifyReceipts(receipts, '--roots', roots, '--json');
  assert.equal(code, exitCodes.finding);
  const result = JSON.parse(stdout) as {
    receipts: number;
    holding: number;
    failed: { file: string; statement: string }[];
  };
  assert.deepEqual([result.receipts, result.holding], [9, 7]);
  assert.deepEqual(
    result.failed.map(({ file: name, statement }) => `${name}: ${statement}`),
    ['0.json: its leaf leads to the refund root', '1.json: it is a receipt'],
  );
  assert.match((await verifyReceipts(mkdtempSync(join(folder, 'none-')))).stderr, /^makewhole: no_receipts: /);
});
