// Verifies a makewhole receipt. One file, no dependencies: it needs Node.js and nothing of the exchange, and shares no code with it.
//
//   node verify-receipt.mjs RECEIPT.json [ROOTS.json]
//
// RECEIPT.json is what you were given. ROOTS.json is what was published for everyone; without it the receipt is checked against the
// roots that it brings, which says that it is sound, not that it is the published one. Ends with 0 when everything holds.
//
// What a receipt says: "I had an equity of `actual`; without the falsehood I would have had `other`; the difference is refunded by
// this policy, and my refund is one leaf of the tree, and one part of the total, that were published."
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

// --- bytes ---

const bytesOf = (hex) => Buffer.from(hex, 'hex');
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** A whole number as `length` bytes, the highest first; a negative one in two's complement. */
function numberBytes(value, length) {
  const limit = 1n << BigInt(8 * length);
  const unsigned = value < 0n ? value + limit : value;
  return Buffer.from(unsigned.toString(16).padStart(2 * length, '0'), 'hex');
}

// --- Keccak-256 (as Ethereum uses it: padding 0x01), FIPS 202 section 3 ---

const ROUND_CONSTANTS = (() => {
  const constants = [];
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if (register & 1) constant |= 1n << BigInt(2 ** bit - 1);
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
    constants.push(constant);
  }
  return constants;
})();
const MASK = (1n << 64n) - 1n;
const rotate = (lane, by) => (by === 0n ? lane : ((lane << by) | (lane >> (64n - by))) & MASK);

function permute(lanes) {
  for (const constant of ROUND_CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]);
    for (let x = 0; x < 5; x++) {
      const mixed = columns[(x + 4) % 5] ^ rotate(columns[(x + 1) % 5], 1n);
      for (let y = 0; y < 25; y += 5) lanes[x + y] ^= mixed;
    }
    let [x, y] = [1, 0];
    let moved = lanes[1];
    for (let step = 1; step <= 24; step++) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const held = lanes[x + 5 * y];
      lanes[x + 5 * y] = rotate(moved, BigInt(((step * (step + 1)) / 2) % 64));
      moved = held;
    }
    for (let row = 0; row < 25; row += 5) {
      const old = lanes.slice(row, row + 5);
      for (let at = 0; at < 5; at++) lanes[row + at] = old[at] ^ (~old[(at + 1) % 5] & MASK & old[(at + 2) % 5]);
    }
    lanes[0] ^= constant;
  }
}

function keccak256(input) {
  const rate = 136;
  const padded = Buffer.alloc((Math.floor(input.length / rate) + 1) * rate);
  input.copy(padded);
  padded[input.length] |= 0x01;
  padded[padded.length - 1] |= 0x80;
  const lanes = Array.from({ length: 25 }, () => 0n);
  for (let block = 0; block < padded.length; block += rate) {
    for (let lane = 0; lane < rate / 8; lane++) lanes[lane] ^= padded.readBigUInt64LE(block + 8 * lane);
    permute(lanes);
  }
  const digest = Buffer.alloc(32);
  for (let lane = 0; lane < 4; lane++) digest.writeBigUInt64LE(lanes[lane], 8 * lane);
  return digest;
}

// --- canonical JSON (RFC 8785, whole numbers only) ---

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

// --- the two trees ---

const commitment = (salt, key) => sha256(Buffer.from('makewhole account\n'), salt, key);

/** OpenZeppelin standard-v1: double-hashed leaf of (bytes32, uint256, bytes32, int256, bytes32), pairs with the smaller hash first. */
function refundRoot(receipt) {
  const { statement, roots, index } = receipt;
  const detail = sha256(Buffer.from(canonical(statement), 'utf8'));
  const leaf = Buffer.concat([
    bytesOf(roots.incident),
    numberBytes(BigInt(index), 32),
    commitment(bytesOf(receipt.salt), bytesOf(statement.key)),
    numberBytes(BigInt(statement.refund), 32),
    detail,
  ]);
  let node = keccak256(keccak256(leaf));
  for (const sibling of receipt.proof.map(bytesOf)) {
    node = keccak256(Buffer.concat(Buffer.compare(node, sibling) <= 0 ? [node, sibling] : [sibling, node]));
  }
  return node.toString('hex');
}

/** Both children's sums are bound by every node, each by itself; no sum may be negative or reach 2^127. */
function sumRoot({ statement, salt, sumPath }) {
  const inRange = (sum) => sum >= 0n && sum < 1n << 127n;
  const own = sha256(bytesOf(salt));
  let sum = BigInt(statement.refund);
  if (!inRange(sum)) return undefined;
  let node = sha256(Buffer.of(0), numberBytes(sum, 16), own, commitment(own, bytesOf(statement.key)));
  for (const step of sumPath) {
    const other = { sum: BigInt(step.sum), hash: bytesOf(step.hash) };
    if (!inRange(other.sum) || !inRange(sum + other.sum)) return undefined;
    const [left, right] = step.isLeft ? [other, { sum, hash: node }] : [{ sum, hash: node }, other];
    node = sha256(Buffer.of(1), numberBytes(left.sum, 16), left.hash, numberBytes(right.sum, 16), right.hash);
    sum += other.sum;
  }
  return { sum: String(sum), hash: node.toString('hex') };
}

// --- the statements ---

function* statements(receipt, roots) {
  const { statement } = receipt;
  const amount = (name) => BigInt(statement[name]);
  const difference = amount('other') - amount('actual');
  const before = amount('equityBefore') - amount('equityAfter');
  const rules = { D: difference, E: before, DE: difference > before ? difference : before };
  const rule = rules[statement.policy];
  const due = statement.reason === 'HOUSE' || rule < 0n ? 0n : rule;
  yield ['the receipt is of the published roots', canonical(receipt.roots) === canonical(roots)];
  yield ['difference = equity it would have − equity it has', amount('difference') === difference];
  yield [
    'the causes sum to the difference',
    statement.causes.reduce((sum, cause) => sum + BigInt(cause.amount), 0n) === difference,
  ];
  if (rule !== undefined) yield ['the refund is what the policy gives', amount('refund') === due];
  yield ['refund = paid + owed', amount('refund') === amount('paid') + amount('owed')];
  yield ['nothing is charged', amount('refund') >= 0n && amount('paid') >= 0n && amount('owed') >= 0n];
  yield ['its place is among the leaves', receipt.index >= 0 && receipt.index < roots.leaves];
  yield ['its leaf leads to the refund root', refundRoot(receipt) === roots.refundRoot];
  const sum = sumRoot(receipt);
  yield ['its amount is part of the published total', sum?.hash === roots.sumRoot && sum.sum === roots.total];
}

const [file, rootsFile] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node verify-receipt.mjs RECEIPT.json [ROOTS.json]');
  process.exit(2);
}
try {
  const receipt = JSON.parse(readFileSync(file, 'utf8'));
  if (receipt.format !== 'makewhole-receipt/1') throw new Error('its format is not makewhole-receipt/1');
  const roots = rootsFile === undefined ? receipt.roots : JSON.parse(readFileSync(rootsFile, 'utf8'));
  let failed = 0;
  for (const [text, holds] of statements(receipt, roots)) {
    if (!holds) failed++;
    console.log(`${holds ? 'PASS' : 'FAIL'}  ${text}`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`this is no receipt: ${error.message}`);
  process.exitCode = 2;
}
