import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { REFUND_STATUS } from '../engine/refund.ts';
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import { ACCOUNT, REFUND, VENUE } from '../engine/tables.ts';
import { only, USDC } from '../engine/venue.fixture.ts';
import { componentName } from './finding.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';

const id = (number: number): Uint8Array => new Uint8Array(16).fill(number);

/** A fund of 1,000 USDC; a debtor of 30; a refund that is pending, one that was posted, one that was voided; a block behind them. */
function scene(): { venue: GuardedVenue; trader: number; debtor: number } {
  const venue = new GuardedVenue(true);
  const [trader, debtor] = [venue.trader(100), venue.trader(10)] as const;
  venue.deposit(INSURANCE_FUND, 1_000);
  venue.apply((buffer, timeMs) => {
    buffer.carryWithdrawal(timeMs, debtor, 40 * USDC, 1);
    for (const number of [1, 2, 3]) buffer.reserveRefund(timeMs, trader, number * USDC, id(number));
    buffer.postRefund(timeMs, id(2));
    buffer.voidRefund(timeMs, id(3));
    buffer.deposit(timeMs, debtor, 5 * USDC, 1_000);
    buffer.repayReceivable(timeMs, debtor, USDC);
    buffer.reverseCredit(timeMs, debtor, 10 * USDC, id(4));
  });
  venue.seal();
  assert.deepEqual(venue.guard?.quarantine.all, []);
  return { venue, trader, debtor };
}

/** Findings as component and check. */
function foundIn({ guard }: GuardedVenue): string[] {
  return (guard?.quarantine.all ?? []).map(({ component, check }) => `${componentName(component)} ${check.name}`);
}

/** The checks for which submitted commands are not taken. */
function heldAt(venue: GuardedVenue, write: (buffer: CommandBuffer, timeMs: number) => void): string[] {
  const commands = new CommandBuffer();
  write(commands, venue.timeMs);
  return venue.guard?.heldOf(venue.state, commands, { kind: 'outside' }).map(({ check }) => check.name) ?? [];
}

const word = (row: number, column: number): number => row * 8 + column;

interface Forgery {
  readonly name: string;
  readonly forge: (venue: GuardedVenue, debtor: number) => void;
  /** A command that would harm, and is not taken. */
  readonly harm?: (buffer: CommandBuffer, timeMs: number, debtor: number) => void;
  readonly finding: string;
}

const forgeries: readonly Forgery[] = [
  {
    name: 'a debt is written off',
    forge: ({ state }, debtor) => state.account.f64.fill(0, debtor * 8 + ACCOUNT.RECEIVABLE, debtor * 8 + 8),
    harm: (buffer, timeMs, debtor) => buffer.requestWithdrawal(timeMs, debtor, USDC),
    finding: 'account 4 account_continuity',
  },
  {
    name: 'a debt is invented',
    forge: ({ state }) => state.account.f64.fill(7, 3 * 8 + ACCOUNT.RECEIVABLE, 3 * 8 + ACCOUNT.RECEIVABLE + 1),
    harm: (buffer, timeMs) => buffer.transfer(timeMs, 3, 4, USDC),
    finding: 'account 3 account_continuity',
  },
  {
    name: 'a pending refund is a hundred million times as much',
    forge: ({ state }) => state.refund.f64.fill(1e8 * USDC, 4 + REFUND.AMOUNT, 4 + REFUND.AMOUNT + 1),
    harm: (buffer, timeMs) => buffer.postRefund(timeMs, id(1)),
    finding: 'account 3 refund_ledger',
  },
  {
    name: 'a pending refund is for another account',
    forge: ({ state }) => state.refund.i32.fill(4, word(1, REFUND.ACCOUNT), word(1, REFUND.ACCOUNT) + 1),
    harm: (buffer, timeMs) => buffer.postRefund(timeMs, id(1)),
    finding: 'account 3 refund_ledger',
  },
  {
    name: 'a refund that was posted is pending again',
    forge: ({ state }) => {
      state.refund.i32[word(2, REFUND.STATUS)] = REFUND_STATUS.PENDING;
    },
    harm: (buffer, timeMs) => buffer.postRefund(timeMs, id(2)),
    finding: 'account 3 refund_ledger',
  },
  {
    name: 'the id of a posted refund is another, so that it could be reserved once more',
    forge: ({ state }) => {
      state.refund.i32[word(2, REFUND.ID)] = 5;
      state.index.restore(state);
    },
    harm: (buffer, timeMs) => buffer.reserveRefund(timeMs, 3, USDC, id(2)),
    finding: 'account 3 refund_ledger',
  },
  {
    name: 'a refund is written in',
    forge: ({ state }) => {
      const row = state.refund.allocate();
      state.refund.bytes.copyWithin(row * 32, 32, 64);
      state.refund.i32[word(row, REFUND.ID)] = 9;
      state.index.restore(state);
    },
    harm: (buffer, timeMs) => buffer.postRefund(timeMs, Uint8Array.from([9, 0, 0, 0, ...id(1).subarray(4)])),
    finding: 'account 3 refund_ledger',
  },
  {
    name: 'less is reserved than is pending',
    forge: ({ state }) => state.venue.f64.fill(1, 64 + VENUE.RESERVED_LOW, 64 + VENUE.RESERVED_LOW + 1),
    finding: 'venue input_continuity',
  },
];

for (const { name, forge, harm, finding } of forgeries) {
  test(`${name}: found at the block, and what would make use of it is not taken`, () => {
    const { venue, debtor } = scene();
    const write = (buffer: CommandBuffer, timeMs: number): void => harm?.(buffer, timeMs, debtor);
    assert.deepEqual(heldAt(venue, write), [], 'sound, it is taken');
    forge(venue, debtor);
    if (harm !== undefined) assert.deepEqual(heldAt(venue, write), [finding.split(' ').at(-1)]);
    venue.seal();
    assert.ok(foundIn(venue).includes(finding), foundIn(venue).join());
  });
}

test('a forged refund that is posted all the same is found as soon as it is told', () => {
  const { venue } = scene();
  venue.state.refund.f64[4 + REFUND.AMOUNT] = 500 * USDC;
  venue.apply((buffer, timeMs) => buffer.postRefund(timeMs, id(1)));
  assert.deepEqual(foundIn(venue), ['account 3 refund_ledger']);
});

test('the path of an account goes through what it owes and is refunded: who is liquidated afterwards has a warrant', () => {
  const venue = new GuardedVenue(true);
  for (const rule of [RULE.health_interval, RULE.taker_fee, RULE.maker_fee]) venue.setRule(rule, 0);
  const market = venue.market({ INTEREST_RATE: 0 });
  const [long, short] = [venue.trader(180), venue.trader(10_000)] as const;
  venue.deposit(INSURANCE_FUND, 1_000);
  venue.price(market, 100);
  venue.trade(long, short, market, 1_000, 100);
  venue.price(market, 100);
  venue.seal();
  venue.apply((buffer, timeMs) => {
    buffer.carryWithdrawal(timeMs, long, 100 * USDC, 1);
    buffer.reserveRefund(timeMs, long, 30 * USDC, id(1));
    buffer.postRefund(timeMs, id(1));
    buffer.repayReceivable(timeMs, long, USDC);
    buffer.reverseCredit(timeMs, long, 40 * USDC, id(2));
  });
  const liquidated = GuardedVenue.liquidated(venue.price(market, 95));
  assert.deepEqual(liquidated, [], 'what it owes does not count');
  // 100 USDC are left and 30 are owed; at 94 the equity is 40, the maintenance margin 47.
  const events = venue.price(market, 94);
  assert.deepEqual(GuardedVenue.liquidated(events), [long], JSON.stringify(venue.verdicts));
  venue.seal();
  assert.deepEqual(foundIn(venue), []);
});

test('what is set aside for refunds is no loss of the fund: liquidations are not slowed', () => {
  const venue = new GuardedVenue(true);
  for (const rule of [RULE.health_interval, RULE.taker_fee, RULE.maker_fee]) venue.setRule(rule, 0);
  const market = venue.market({ INTEREST_RATE: 0 });
  const [long, short] = [venue.trader(110), venue.trader(10_000)] as const;
  venue.deposit(INSURANCE_FUND, 1_000);
  venue.price(market, 100);
  venue.trade(long, short, market, 1_000, 100);
  venue.price(market, 100);
  venue.seal();
  venue.apply((buffer, timeMs) => buffer.reserveRefund(timeMs, short, 900 * USDC, id(1)));
  const events = venue.price(market, 93);
  assert.equal(only(events, 'liquidationDue').account, long);
  assert.deepEqual(GuardedVenue.liquidated(events), [long]);
});
