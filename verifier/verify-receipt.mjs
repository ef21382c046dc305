// Verifies makewhole receipts. One file, no dependencies: it needs Node.js and nothing of the exchange, and shares no code with it.
//
//   node verify-receipt.mjs RECEIPT.json [ROOTS.json]     one receipt: PASS or FAIL for each statement that it makes
//   node verify-receipt.mjs FOLDER [ROOTS.json]           every receipt (*.json) in a folder: how many hold, and which do not
//
// RECEIPT.json is what you were given. ROOTS.json is what was published for everyone; without it a receipt is checked against the
// roots that it brings, which says that it is sound, not that it is the published one. Ends with 0 when everything holds, with 1 when
// a statement does not, with 2 when a file is no receipt.
//
// What a receipt says: "At the last good block I had `start`. In the world as it was that became `actual.end`, by these flows; without
// the falsehood it would have become `other.end`. Of the difference the published policy gives me this refund, and my refund is one
// leaf of the tree, and one part of the total, that were published." Amounts are whole numbers of 1e-8 USDC.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

// --- the form of the files: exactly these members, each of this kind ---

const isText = (value) => typeof value === 'string' && value.isWellFormed();
const isWhole = (value) => typeof value === 'string' && /^(0|-?[1-9]\d{0,60})$/.test(value);
const isNatural = (value) => isWhole(value) && !value.startsWith('-');
const isHash = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
const isRow = (value) => isCount(value) && value > 0;
const isYesOrNo = (value) => typeof value === 'boolean';
const isAnything = () => true;
const or = (literal, kind) => (value) => value === literal || matches(value, kind);
const among =
  (...values) =>
  (value) =>
    values.includes(value);

/** A kind is a predicate, a list of one kind, or an object of kinds; `'...'` allows further members. */
function matches(value, kind) {
  if (typeof kind === 'function') return kind(value);
  if (Array.isArray(kind)) return Array.isArray(value) && value.every((item) => matches(item, kind[0]));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(kind).filter((name) => name !== '...');
  const isExact = '...' in kind || Object.keys(value).every((name) => Object.hasOwn(kind, name));
  return isExact && names.every((name) => Object.hasOwn(value, name) && matches(value[name], kind[name]));
}

const FLOW = { what: isText, amount: isWhole };
const CAUSE = { cause: isText, amount: isWhole };
const WORLD = { flows: [FLOW], end: isWhole };
const TIER = among('T1', 'T2', 'T3');
const ROOTS = {
  format: among('makewhole-roots/1'),
  incident: isHash,
  policy: isHash,
  round: (value) => isCount(value) && value > 0,
  interest: { fromMs: isCount, toMs: isCount },
  refundRoot: isHash,
  total: isNatural,
  sumRoot: isHash,
  leaves: (value) => isCount(value) && value > 0,
};
const POLICY = {
  pays: among('A', 'B', 'C', 'D', 'E', 'F', 'G', 'DE'),
  netting: among('chain', 'account', 'gross'),
  goodwill: isNatural,
  bandPpm: isCount,
  awards: { T2: isNatural, T3: isNatural },
  intervalLimit: isNatural,
  tiers: (value) => typeof value === 'object' && value !== null && Object.values(value).every(TIER),
  interest: { ppmYear: isCount, yearDays: among(365, 360), days: among('begun', 'whole') },
  '...': isAnything,
};
const CLOSE = {
  fork: isCount,
  sequence: isCount,
  market: isCount,
  size: isWhole,
  price: isWhole,
  penalty: isWhole,
  eventPrice: isWhole,
  laterPrice: isWhole,
  restorationPrice: isWhole,
  bestPrice: isWhole,
};
const CHAIN = {
  markets: [isCount],
  flows: [FLOW],
  causes: [CAUSE],
  difference: isWhole,
  excluded: isWhole,
  loss: or(null, isWhole),
  closes: [CLOSE],
  amount: isWhole,
};
const AWARD = {
  round: isRow,
  dispute: isRow,
  cause: isText,
  amount: isNatural,
  basis: or(null, { market: isRow, size: isWhole, price: isWhole, truePrice: isWhole, costs: isNatural }),
  evidence: or(null, isHash),
  paragraph: isRow,
  reasons: isText,
};
const REASONS =
  'RESTORED RESTORED_BEFORE AWARDED UNAFFECTED_HASH_EQUAL EVEN GAIN_NOT_PURSUED GAIN_REVERSED ' +
  'GIVEN_BACK LIQUIDATED_ANYWAY COVERED_BY_ROLLBACK OUTSIDE_POLICY SELF_TRADE_NETTED PAID_BEFORE ' +
  'QUESTION HOUSE CREATED_LATER';
const STATEMENT = {
  account: (value) => isCount(value) && value > 0,
  key: isHash,
  policy: isHash,
  start: isWhole,
  actual: WORLD,
  other: WORLD,
  difference: isWhole,
  causes: [CAUSE],
  interval: or(null, { low: isWhole, high: isWhole }),
  notice: or(null, {
    restorationMs: isCount,
    markets: [{ market: isRow, checkPrice: isWhole, price: isWhole, actual: isWhole, other: isWhole }],
  }),
  chains: [CHAIN],
  netted: isNatural,
  principal: isNatural,
  interest: isNatural,
  goodwill: isNatural,
  awards: [AWARD],
  paidBefore: isNatural,
  returned: isNatural,
  refund: isNatural,
  paid: isNatural,
  owed: isNatural,
  reversed: isNatural,
  reason: among(...REASONS.split(' ')),
  forced: [{ fork: isCount, sequence: isCount, kind: isText, warrant: (value) => value === -1 || isCount(value) }],
  warrants: [isText],
};
/** The way to a root: a longer one would be of more leaves than can be counted. */
const wayTo = (kind) => (value) => matches(value, [kind]) && value.length <= 64;
const RECEIPT = {
  format: among('makewhole-receipt/1'),
  roots: ROOTS,
  policy: POLICY,
  statement: STATEMENT,
  salt: isHash,
  index: isCount,
  proof: wayTo(isHash),
  sumPath: wayTo({ isLeft: isYesOrNo, sum: isNatural, hash: isHash }),
};

// --- bytes ---

const bytesOf = (hex) => Buffer.from(hex, 'hex');
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hashOfDocument = (value) => sha256(Buffer.from(canonical(value), 'utf8'));

/** A whole number as `length` bytes, the highest first; a negative one in two's complement. */
function numberBytes(value, length) {
  const limit = 1n << BigInt(8 * length);
  const unsigned = value < 0n ? value + limit : value;
  return Buffer.from(unsigned.toString(16).padStart(2 * length, '0'), 'hex');
}

/** Canonical JSON (RFC 8785, whole numbers only): what is hashed. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

// --- Keccak-256 (as Ethereum uses it: padding 0x01), FIPS 202 section 3; a lane of 64 bits is two halves, low and high ---

/** The round constants, from the register of FIPS 202 section 3.2.5. */
const [CONSTANTS_LOW, CONSTANTS_HIGH] = (() => {
  const [low, high] = [new Uint32Array(24), new Uint32Array(24)];
  let register = 1;
  for (let round = 0; round < 24; round++) {
    for (let bit = 0; bit < 7; bit++) {
      const place = 2 ** bit - 1;
      if (register & 1 && place < 32) low[round] |= 1 << place;
      else if (register & 1) high[round] |= 1 << (place - 32);
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
  }
  return [low, high];
})();

/** Where each lane moves to in rho and pi, and by how many bits it is rotated. */
const MOVES = (() => {
  const moves = [];
  let [x, y] = [1, 0];
  for (let step = 0; step < 24; step++) {
    const from = x + 5 * y;
    [x, y] = [y, (2 * x + 3 * y) % 5];
    moves.push({ from, to: x + 5 * y, by: (((step + 1) * (step + 2)) / 2) % 64 });
  }
  return moves;
})();

/** The low half of a lane rotated left; the high half is the same with the halves exchanged. */
const rotated = (low, high, by) => {
  const [a, b] = by < 32 ? [low, high] : [high, low];
  const bits = by % 32;
  return bits === 0 ? a : (a << bits) | (b >>> (32 - bits));
};

function permute(low, high) {
  const [columnLow, columnHigh] = [new Uint32Array(5), new Uint32Array(5)];
  const [movedLow, movedHigh] = [new Uint32Array(25), new Uint32Array(25)];
  for (let round = 0; round < 24; round++) {
    for (let x = 0; x < 5; x++) {
      columnLow[x] = low[x] ^ low[x + 5] ^ low[x + 10] ^ low[x + 15] ^ low[x + 20];
      columnHigh[x] = high[x] ^ high[x + 5] ^ high[x + 10] ^ high[x + 15] ^ high[x + 20];
    }
    for (let x = 0; x < 5; x++) {
      const [before, after] = [(x + 4) % 5, (x + 1) % 5];
      const mixedLow = columnLow[before] ^ rotated(columnLow[after], columnHigh[after], 1);
      const mixedHigh = columnHigh[before] ^ rotated(columnHigh[after], columnLow[after], 1);
      for (let y = 0; y < 25; y += 5) {
        low[x + y] ^= mixedLow;
        high[x + y] ^= mixedHigh;
      }
    }
    [movedLow[0], movedHigh[0]] = [low[0], high[0]];
    for (const { from, to, by } of MOVES) {
      movedLow[to] = rotated(low[from], high[from], by);
      movedHigh[to] = rotated(high[from], low[from], by);
    }
    for (let y = 0; y < 25; y += 5) {
      for (let x = 0; x < 5; x++) {
        const [next, second] = [y + ((x + 1) % 5), y + ((x + 2) % 5)];
        low[y + x] = movedLow[y + x] ^ (~movedLow[next] & movedLow[second]);
        high[y + x] = movedHigh[y + x] ^ (~movedHigh[next] & movedHigh[second]);
      }
    }
    low[0] ^= CONSTANTS_LOW[round];
    high[0] ^= CONSTANTS_HIGH[round];
  }
}

function keccak256(input) {
  const rate = 136;
  const padded = Buffer.alloc((Math.floor(input.length / rate) + 1) * rate);
  input.copy(padded);
  padded[input.length] |= 0x01;
  padded[padded.length - 1] |= 0x80;
  const [low, high] = [new Uint32Array(25), new Uint32Array(25)];
  for (let block = 0; block < padded.length; block += rate) {
    for (let lane = 0; lane < rate / 8; lane++) {
      low[lane] ^= padded.readUInt32LE(block + 8 * lane);
      high[lane] ^= padded.readUInt32LE(block + 8 * lane + 4);
    }
    permute(low, high);
  }
  const digest = Buffer.alloc(32);
  for (let lane = 0; lane < 4; lane++) {
    digest.writeUInt32LE(low[lane], 8 * lane);
    digest.writeUInt32LE(high[lane], 8 * lane + 4);
  }
  return digest;
}

// --- the two trees ---

const commitment = (salt, key) => sha256(Buffer.from('makewhole account\n'), salt, key);

/** OpenZeppelin standard-v1: double-hashed leaf of (bytes32, uint256, bytes32, int256, bytes32), pairs with the smaller hash first. */
function refundRoot({ statement, salt, index, proof }, roots) {
  const leaf = Buffer.concat([
    bytesOf(roots.incident),
    numberBytes(BigInt(index), 32),
    commitment(bytesOf(salt), bytesOf(statement.key)),
    numberBytes(BigInt(statement.refund), 32),
    hashOfDocument(statement),
  ]);
  let node = keccak256(keccak256(leaf));
  for (const sibling of proof.map(bytesOf)) {
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

// --- what the policy gives ---

const floored = (a, b) => (a >= 0n ? a / b : -((b - 1n - a) / b));
const larger = (a, b) => (a > b ? a : b);
const total = (list) => list.reduce((sum, part) => sum + BigInt(part.amount), 0n);

/** The rule of the policy for one causal chain. `base` is what the account lacks by it and the policy pays without a claim. */
function chainAmount(policy, { difference, excluded, loss, closes }) {
  const base = BigInt(difference) - BigInt(excluded);
  const lost = loss === null ? base : BigInt(loss);
  const paidAt = (price) =>
    closes.reduce((sum, at) => sum + BigInt(at.size) * (BigInt(at[price]) - BigInt(at.price)) + BigInt(at.penalty), 0n);
  if (policy.pays === 'A') return closes.reduce((sum, { penalty }) => sum + BigInt(penalty), 0n);
  if (policy.pays === 'B') return paidAt('eventPrice');
  if (policy.pays === 'C') return paidAt('laterPrice');
  if (policy.pays === 'D') return base;
  if (policy.pays === 'E') return lost;
  if (policy.pays === 'F') return paidAt('bestPrice');
  if (policy.pays === 'G') return paidAt('restorationPrice');
  return larger(base, lost);
}

// Money that the account should not have is not of the claim, and what was taken back of it already is no loss.
function excludedOf({ tiers }, causes) {
  const excluded = total(causes.filter(({ cause }) => tiers[cause] !== 'T1'));
  const takenBack = total(causes.filter(({ cause }) => cause === 'remedy'));
  if (tiers.remedy !== 'T1' || excluded >= 0n || takenBack <= 0n) return excluded;
  return takenBack < -excluded ? excluded + takenBack : 0n;
}

/** Simple interest, rounded up. */
function interestOf({ interest }, principal, { fromMs, toMs }) {
  const day = 86_400_000n;
  const span = BigInt(toMs) - BigInt(fromMs);
  const days = interest.days === 'whole' ? span / day : (span + day - 1n) / day;
  const year = 1_000_000n * BigInt(interest.yearDays);
  return (principal * BigInt(interest.ppmYear) * days + year - 1n) / year;
}

function principalOf(policy, { chains, netted, reason }) {
  if (reason === 'HOUSE') return 0n;
  const amounts = chains.map(({ amount }) => BigInt(amount));
  const sum = (list) => list.reduce((all, amount) => all + amount, 0n);
  const given = policy.netting === 'account' ? larger(sum(amounts), 0n) : sum(amounts.map((each) => larger(each, 0n)));
  return given - BigInt(netted);
}

// --- the statements ---

/** Σ of parts by name, without those that come to nothing, as one text. */
function byName(parts, name) {
  const sums = new Map();
  for (const part of parts) sums.set(part[name], (sums.get(part[name]) ?? 0n) + BigInt(part.amount));
  const lines = [...sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => `${key}=${sum}`);
  return lines.sort().join(';');
}

function* equation({ start, actual, other, difference, causes, chains }) {
  const at = (world) => BigInt(start) + total(world.flows) === BigInt(world.end);
  yield ['equity it has = equity at the start + what happened', at(actual)];
  yield ['equity it would have = equity at the start + what would have happened', at(other)];
  const lacks = BigInt(other.end) - BigInt(actual.end);
  yield ['difference = equity it would have − equity it has', BigInt(difference) === lacks];
  yield ['the causes sum to the difference', BigInt(difference) === total(causes)];
  const parts = chains.flatMap((chain) => chain.causes);
  yield ['the chains hold every part of the difference', byName(parts, 'cause') === byName(causes, 'cause')];
  const flows = chains.flatMap((chain) => chain.flows);
  yield ['the chains hold all that happened', byName(flows, 'what') === byName(actual.flows, 'what')];
  const isSummed = (chain) =>
    BigInt(chain.difference) === total(chain.causes) &&
    (chain.loss === null || BigInt(chain.loss) === -total(chain.flows));
  yield ["each chain's difference and loss are the sums of its parts", chains.every(isSummed)];
}

/** An account that was told later is valued at the prices of the time at which it could act: what that makes is the cause late_notice. */
function* lateNotice({ policy, statement }) {
  const markets = statement.notice === null ? [] : statement.notice.markets;
  const made = (list, size) =>
    list.reduce((sum, at) => sum + size(at) * (BigInt(at.price) - BigInt(at.checkPrice)), 0n);
  const inWorld = (world) =>
    total(statement[world].flows.filter(({ what }) => what === 'late_notice')) ===
    made(markets, (at) => BigInt(at[world]));
  const inChain = (chain) => {
    const part = total(chain.causes.filter(({ cause }) => cause === 'late_notice'));
    const own = markets.filter(({ market }) => chain.markets.includes(market));
    const whole = made(own, (at) => BigInt(at.other) - BigInt(at.actual));
    return part === whole || (part === 0n && policy.netting === 'gross');
  };
  const isOnce = markets.every(({ market }, place) => markets.findIndex((at) => at.market === market) === place);
  const holds = isOnce && inWorld('actual') && inWorld('other') && statement.chains.every(inChain);
  yield ['what later notice made of it is its sizes at the later prices', holds];
}

/**
 * Awards of the claims desk. Of a cause of tier T2 no more than the rule gives, on evidence: for a position that the owner closed
 * himself, size × (true price − price) + costs, an own close for fear counting from the edge of the policy's band; for any other cause
 * what the account lacks by it. Of T3 what people decided. Of each tier no more than the policy gives to one account.
 */
function areAwards(policy, { awards, causes }) {
  const tierOf = ({ cause }) => policy.tiers[cause];
  const rule = ({ cause, basis }) => {
    const isClose = cause === 'rollback' || cause === 'panic_close';
    if (isClose !== (basis !== null)) return 0n;
    if (!isClose) return larger(total(causes.filter((part) => part.cause === cause)), 0n);
    const [size, price, truth] = [BigInt(basis.size), BigInt(basis.price), BigInt(basis.truePrice)];
    const band = cause === 'panic_close' ? BigInt(policy.bandPpm) : 0n;
    const million = 1_000_000n;
    // In millionths; the edge is rounded in the account's favour.
    const edge = size > 0n ? -floored(-truth * (million - band), million) : floored(truth * (million + band), million);
    return larger(size * (edge - price) + BigInt(basis.costs), 0n);
  };
  const isWithin = (award) => {
    if (tierOf(award) === 'T3') return true;
    if (tierOf(award) !== 'T2' || award.evidence === null) return false;
    const alike = awards.filter(({ cause, basis }) => cause === award.cause && basis === null);
    return total(award.basis === null ? alike : [award]) <= rule(award);
  };
  const inTier = (tier) => total(awards.filter((award) => tierOf(award) === tier));
  return awards.every(isWithin) && ['T2', 'T3'].every((tier) => inTier(tier) <= BigInt(policy.awards[tier]));
}

function* amounts({ policy, statement }, roots) {
  const { interval, chains } = statement;
  const amount = (name) => BigInt(statement[name]);
  if (interval !== null) {
    const width = BigInt(interval.high) - BigInt(interval.low);
    const end = width <= BigInt(policy.intervalLimit) ? interval.high : interval.low;
    yield ['of an uncertain difference the policy takes this end', width >= 0n && statement.difference === end];
  }
  const isGiven = (chain) =>
    BigInt(chain.excluded) === excludedOf(policy, chain.causes) && BigInt(chain.amount) === chainAmount(policy, chain);
  yield ['each chain has what the policy gives for it', chains.every(isGiven)];
  const principal = principalOf(policy, statement);
  const interest = interestOf(policy, principal, roots.interest);
  const goodwill = principal > 0n ? BigInt(policy.goodwill) : 0n;
  yield ['the principal is what the policy gives', amount('principal') === principal];
  const isTop = amount('interest') === interest && amount('goodwill') === goodwill;
  yield ['interest and goodwill are those of the policy', isTop];
  const awarded = statement.reason === 'HOUSE' ? 0n : total(statement.awards);
  const due = principal + interest + goodwill + awarded + amount('returned');
  const isRefund = amount('refund') === larger(due - amount('paidBefore'), 0n);
  yield ['refund = principal + interest + goodwill + awards + given back − what was paid before', isRefund];
  yield ['what was awarded is by the rule and within the caps', areAwards(policy, statement)];
  yield ['refund = paid + owed', amount('refund') === amount('paid') + amount('owed')];
  const { reason, reversed, returned, difference, paidBefore } = statement;
  const isPaid = statement.refund !== '0';
  const isReason =
    (reason === 'QUESTION' || isPaid === ['RESTORED', 'RESTORED_BEFORE', 'AWARDED', 'GIVEN_BACK'].includes(reason)) &&
    !(reason === 'AWARDED' && statement.awards.length === 0) &&
    !(['UNAFFECTED_HASH_EQUAL', 'EVEN'].includes(reason) && difference !== '0') &&
    !(reason === 'GAIN_NOT_PURSUED' && BigInt(difference) >= 0n) &&
    !(reason === 'PAID_BEFORE' && paidBefore === '0') &&
    !(reason === 'GAIN_REVERSED' && reversed === '0') &&
    !(reason === 'GIVEN_BACK' && returned === '0') &&
    !(reversed !== '0' && (isPaid || returned !== '0'));
  yield ['the reason fits the amounts', isReason];
}

/** A warrant, or undefined when the line is none: one line of JSON, exactly as JSON writes it. */
function warrantOf(line) {
  try {
    const warrant = JSON.parse(line);
    const { equity, maintenance, split, residual, checks, action } = warrant;
    const numbers = [equity.sealed, equity.now, maintenance, residual, ...Object.values(split)];
    const isSound = numbers.every(isWhole) && Array.isArray(checks) && isText(action.kind);
    return isSound && JSON.stringify(warrant) === line ? warrant : undefined;
  } catch {
    return undefined;
  }
}

/** What can be said of forced actions without the journal: whose they are, that their sums hold, that they were due. */
function* forcedActions({ account, forced, warrants }) {
  if (warrants.length === 0) {
    if (forced.some(({ warrant }) => warrant >= 0))
      yield ['every warrant is of a forced action of this account', false];
    return;
  }
  const read = warrants.map(warrantOf);
  const isOwn = (warrant, place) => {
    const actions = forced.filter((action) => action.warrant === place);
    if (actions.length !== 1 || warrant?.account !== account) return false;
    const [{ fork, kind, sequence }] = actions;
    return fork === warrant.fork && kind === warrant.action.kind && sequence > warrant.sequence;
  };
  const isKnown = forced.every(({ warrant }) => warrant < warrants.length);
  yield ['every warrant is of a forced action of this account', isKnown && read.every(isOwn)];
  const explains = ({ equity, split, residual }) => {
    const moved = Object.values(split).reduce((sum, part) => sum + BigInt(part), 0n);
    return residual === '0' && BigInt(equity.sealed) + moved === BigInt(equity.now);
  };
  yield ["every warrant explains its account's equity to the last unit", read.every((each) => each && explains(each))];
  const isDue = ({ action, equity, maintenance, checks }) => {
    const failed = checks.some(([kind, , , holds]) => kind !== 'III' && !holds);
    const now = BigInt(equity.now);
    return checks.length > 0 && !failed && (action.kind !== 'liquidate' || now <= 0n || now < BigInt(maintenance));
  };
  yield ['every warrant shows that its action was due', read.every((each) => each && isDue(each))];
}

function* statements(receipt, roots) {
  const { policy, statement } = receipt;
  yield ['the receipt is of the published roots', canonical(receipt.roots) === canonical(roots)];
  const name = hashOfDocument(policy).toString('hex');
  yield ['its policy is the published one', name === roots.policy && name === statement.policy];
  yield* equation(statement);
  yield* lateNotice(receipt);
  yield* amounts(receipt, roots);
  yield* forcedActions(statement);
  yield ['its place is among the leaves', receipt.index < roots.leaves];
  yield ['its leaf leads to the refund root', refundRoot(receipt, roots) === roots.refundRoot];
  const sum = sumRoot(receipt);
  yield ['its amount is part of the published total', sum?.hash === roots.sumRoot && sum.sum === roots.total];
}

// --- files ---

function readJson(file) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  const value = JSON.parse(text);
  const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined);
  if (names.length !== memberCount(value))
    throw new Error('a member is written twice: only the last of them would be read');
  return value;
}

/** How many members the objects in a value have, all together. */
function memberCount(value) {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  return members.reduce((sum, member) => sum + memberCount(member), Array.isArray(value) ? 0 : members.length);
}

function readRoots(file) {
  const roots = readJson(file);
  if (!matches(roots, ROOTS)) throw new Error('these are no public roots');
  return roots;
}

/** The statements of the receipt in a file, each with whether it holds. Throws for what is no receipt. */
function judge(file, roots) {
  const receipt = readJson(file);
  if (!matches(receipt, RECEIPT))
    throw new Error('this is no receipt: a member is missing, unknown, or of another kind');
  return [...statements(receipt, roots ?? receipt.roots)];
}

function judgeFolder(folder, roots) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  let [held, worst] = [0, files.length === 0 ? 2 : 0];
  for (const name of files.sort()) {
    try {
      const failed = judge(join(folder, name), roots).filter(([, holds]) => !holds);
      if (failed.length === 0) held++;
      else worst = Math.max(worst, 1);
      for (const [text] of failed) console.log(`FAIL  ${name}: ${text}`);
    } catch (error) {
      worst = 2;
      console.log(`FAIL  ${name}: ${error.message}`);
    }
  }
  console.log(`${held} of ${files.length} receipts hold`);
  return worst;
}

function judgeOne(file, roots) {
  const found = judge(file, roots);
  for (const [text, holds] of found) console.log(`${holds ? 'PASS' : 'FAIL'}  ${text}`);
  return found.every(([, holds]) => holds) ? 0 : 1;
}

const [path, rootsFile] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node verify-receipt.mjs RECEIPT.json|FOLDER [ROOTS.json]');
  process.exit(2);
}
try {
  const roots = rootsFile === undefined ? undefined : readRoots(rootsFile);
  process.exitCode = statSync(path).isDirectory() ? judgeFolder(path, roots) : judgeOne(path, roots);
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
