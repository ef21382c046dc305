/**
 * Rollbacks under random effects of the world. The model is the world alone: which deposits came, which withdrawals left, which accounts
 * were opened. Whatever is rolled back, and rolled back again, the venue must end with exactly these, each once.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPassed, passedOver } from '../chain/branches.ts';
import { countFates, FATES } from '../chain/fates.ts';
import { DirectRoots } from '../chain/roots.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer, type EventRecord } from '../engine/event.ts';
import { FLAG, isTakeProfitOrStopLoss, kindOf, ORDER_KIND } from '../engine/flags.ts';
import { ACCOUNT_KIND, marketCount, type State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ORDER, WITHDRAWAL } from '../engine/tables.ts';
import { ROUND_MARKET, USDC, writeOrder } from '../engine/venue.fixture.ts';
import { recover } from '../exchange/recover.ts';
import { sha256 } from '../journal/node-digest.ts';
import { custodyOf } from './custody.ts';
import { fateLines } from './fate-lines.ts';
import { digestOf, StoppableVenue } from './rollback.fixture.ts';
import { isSound, verifyBranches } from './verify-branches.ts';

/** Numbers from a seed (Lehmer's generator modulo 2^31 − 1). */
class Chance {
  private value: number;
  constructor(seed: number) {
    this.value = (seed % 2_147_483_646) + 1;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.value = (this.value * 48_271) % 2_147_483_647;
    return this.value % limit;
  }
}

/** What happened outside. */
class World {
  readonly deposits = new Map<number, readonly [account: number, amount: number]>();
  /** Each withdrawal that left, as account and amount. */
  readonly left: string[] = [];
  readonly accounts = new Set<number>();
  markets = 0;

  take(events: readonly EventRecord[]): void {
    for (const event of events) {
      if (event.kind === 'deposited') {
        const { reference, account, amount } = event as EventRecord<'deposited'>;
        assert.ok(!this.deposits.has(reference), `deposit ${reference} was credited twice`);
        this.deposits.set(reference, [account, amount]);
      } else if (event.kind === 'withdrawalSettled') {
        const { account, amount, settled } = event as EventRecord<'withdrawalSettled'>;
        if (settled === 1) this.left.push(`${account} ${amount}`);
      } else if (event.kind === 'accountDefined') this.accounts.add((event as EventRecord<'accountDefined'>).account);
      else if (event.kind === 'marketDefined') this.markets++;
    }
  }

  get vault(): bigint {
    let sum = 0n;
    for (const [, amount] of this.deposits.values()) sum += BigInt(amount);
    for (const each of this.left) sum -= BigInt(each.split(' ')[1] as string);
    return sum;
  }
}

/** What the way to the last block says that the world did, by its events from the beginning on. */
class Way {
  readonly deposits = new Map<number, readonly [account: number, amount: number]>();
  readonly left: string[] = [];

  take({ values, count }: EventBuffer): void {
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      const field = (slot: number): number => values[at + 2 + slot] as number;
      if (values[at] === EVENT.deposited) {
        assert.ok(!this.deposits.has(field(2)), `deposit ${field(2)} is on the way twice`);
        this.deposits.set(field(2), [field(0), field(1)]);
      } else if (values[at] === EVENT.withdrawalCarried) this.left.push(`${field(0)} ${field(2)}`);
      else if (values[at] === EVENT.withdrawalSettled && field(3) === 1) this.left.push(`${field(0)} ${field(2)}`);
    }
  }
}

class RandomStory {
  readonly venue: StoppableVenue;
  readonly world = new World();
  private readonly chance: Chance;
  private reference = 0;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.venue = new StoppableVenue(undefined, 1 + this.chance.below(4));
  }

  begin(): void {
    this.submit((commands, timeMs) => {
      commands.defineMarket(timeMs, { ...ROUND_MARKET, PRICE_BAND: 500_000 });
    });
    for (let n = 0; n < 4; n++) this.openAccount();
    for (const account of this.world.accounts) this.deposit(account, 9_000);
    this.venue.price(1000);
  }

  private submit(write: Parameters<StoppableVenue['submit']>[0]): EventRecord[] {
    const events = this.venue.submit(write);
    this.world.take(events);
    return events;
  }

  private openAccount(): void {
    const account = this.venue.state.account.rows;
    const key = new Uint8Array(32).fill(account);
    this.submit((commands, timeMs) => commands.defineAccount(timeMs, key, ACCOUNT_KIND.TRADER, 0));
  }

  private deposit(account: number, usdc: number): void {
    const isAgain = this.chance.below(5) === 0 && this.reference > 1;
    const reference = isAgain ? this.reference : ++this.reference;
    this.submit((commands, timeMs) => commands.deposit(timeMs, account, usdc * USDC, reference));
  }

  private account(): number {
    return 3 + this.chance.below(this.venue.state.account.rows - 2);
  }

  /** A withdrawal that waits, or an id that is none. */
  private pending(): number {
    const { i32, f64, rows } = this.venue.state.withdrawal;
    const ids: number[] = [99_999];
    for (let row = 1; row < rows; row++) {
      if (i32[row * 16 + WITHDRAWAL.STATUS] !== 0) ids.push(f64[row * 8 + WITHDRAWAL.ID] as number);
    }
    return ids[this.chance.below(ids.length)] as number;
  }

  /** Something happens. */
  step(): void {
    const { venue, chance } = this;
    const size = 1 + chance.below(200);
    const price = 990 + chance.below(20);
    const sell = chance.below(2) === 0;
    switch (chance.below(15)) {
      case 0:
        return this.deposit(this.account(), 1 + chance.below(5_000));
      case 1:
      case 2: {
        const [account, amount] = [this.account(), (1 + chance.below(14_000)) * USDC + chance.below(1000)];
        return void this.submit((commands, timeMs) => commands.requestWithdrawal(timeMs, account, amount));
      }
      case 3:
      case 4: {
        const [id, hasLeft] = [this.pending(), chance.below(4) > 0];
        return void this.submit((commands, timeMs) => commands.settleWithdrawal(timeMs, id, hasLeft));
      }
      case 5: {
        const [from, to, amount] = [this.account(), this.account(), (1 + chance.below(10_000)) * USDC];
        return void this.submit((commands, timeMs) => commands.transfer(timeMs, from, to, amount));
      }
      case 6:
        return void venue.price(900 + chance.below(250));
      case 7:
        return chance.below(3) === 0 ? this.openAccount() : undefined;
      case 8: {
        const name = `M${marketCount(venue.state)}-USD-PERP`;
        if (chance.below(6) > 0) return undefined;
        return void this.submit((commands, timeMs) => commands.defineMarket(timeMs, { ...ROUND_MARKET, name }));
      }
      case 9: {
        const kind = sell ? ORDER_KIND.TAKE_PROFIT_MARKET : ORDER_KIND.STOP_LOSS_LIMIT;
        return void venue.place(this.account(), { sell, size, price, kind, trigger: 700 + chance.below(600) });
      }
      case 10:
        return void venue.place(this.account(), { sell, size, price, reduceOnly: true });
      case 11: {
        const batch = chance.below(2) === 0;
        const [account, other] = [this.account(), this.account()];
        return void this.submit((commands, timeMs) => {
          writeOrder(commands, timeMs, account, 1, { sell, size, price });
          if (batch) commands.requestWithdrawal(timeMs, other, 1234 * USDC);
        });
      }
      case 12:
        return this.takeAway(this.account(), this.account(), (4_000 + chance.below(5_000)) * USDC);
      default:
        return void venue.place(this.account(), { sell, size, price });
    }
  }

  /** Money of one account leaves by another: undone inside, it is gone outside. */
  private takeAway(from: number, to: number, amount: number): void {
    this.submit((commands, timeMs) => commands.transfer(timeMs, from, to, amount));
    const asked = this.submit((commands, timeMs) => commands.requestWithdrawal(timeMs, to, 2 * amount));
    for (const event of asked) {
      if (event.kind !== 'withdrawalRequested') continue;
      const { withdrawal } = event as EventRecord<'withdrawalRequested'>;
      this.submit((commands, timeMs) => commands.settleWithdrawal(timeMs, withdrawal, true));
    }
  }

  /** Rolls back somewhere; the process was stopped in order, or cut off in the midst of a block. */
  rollBack(): void {
    const { venue, chance, world } = this;
    if (chance.below(2) === 0) venue.exchange.finish();
    const { journal } = venue;
    const passed = passedOver(journal.restores, journal.height);
    const heights = Array.from({ length: journal.height }, (_, height) => height);
    const onWay = heights.filter((height) => !isPassed(passed, height) && height > 3);
    const recent = onWay.slice(chance.below(3) === 0 ? 0 : -12);
    const restores = recent[chance.below(recent.length)];
    if (restores === undefined || journal.block(journal.height)?.restores !== undefined) return;
    const before = journal.sequence;
    const result = venue.rollBackNow(restores, { settled: [] });
    const { certificate, fates, custody } = result;
    assert.equal(custody.restored.residual, 0n);
    assert.equal(custody.dead?.residual, 0n);
    assert.equal(custody.restored.vault, world.vault);
    assert.equal(custody.dead?.vault, world.vault);
    assert.equal(fates.length, before - (journal.block(restores)?.lastSequence as number));
    assert.ok(fates.every((fate) => fate < FATES.length));
    assert.deepEqual(certificate.fates.counts, countFates(fates));
    assert.equal(certificate.deadStates, 'follow');
    const lines = [...fateLines(journal, certificate, fates)];
    assert.deepEqual(
      lines.map(({ sequence }) => sequence),
      Array.from(fates, (_, at) => result.firstSequence + at),
    );
    assert.equal(lines.filter(({ becomes }) => becomes !== null).length, certificate.commands.length);
    assert.ok(lines.every(({ becomes, fate }) => becomes === null || fate === 'carried'));
    assert.equal(lines.at(-1)?.fork, certificate.parent);
    venue.start();
    assertOrders(venue.state);
    assert.equal(venue.exchange.sequence, journal.sequence);
    this.check();
    if (chance.below(4) === 0) return;
    venue.submit((commands, timeMs) => commands.setStatus(timeMs, 0, STATUS.OK, 0));
  }

  check(): void {
    const { venue, world } = this;
    const way = new Way();
    const roots = new DirectRoots(sha256);
    const { state, replay } = recover(venue.journal, { hash: sha256, roots, onEvents: (events) => way.take(events) });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    assert.deepEqual([...way.deposits].toSorted(byReference), [...world.deposits].toSorted(byReference));
    assert.deepEqual(way.left.toSorted(), world.left.toSorted());
    const custody = custodyOf(state);
    assert.deepEqual([custody.residual, custody.vault], [0n, world.vault]);
    assert.equal(state.account.rows - 3, world.accounts.size);
    assert.equal(marketCount(state), world.markets);
  }
}

function byReference([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b;
}

/** Behind a rollback only untriggered take-profit and stop-loss orders and those that only reduce are left. */
function assertOrders(state: State): void {
  const { i32, rows } = state.order;
  for (let row = 1; row < rows; row++) {
    if (i32[row * 16 + ORDER.SIZE] === 0) continue;
    const flags = i32[row * 16 + ORDER.FLAGS] as number;
    const waits = (flags & FLAG.UNTRIGGERED) !== 0 && isTakeProfitOrStopLoss(kindOf(flags));
    assert.ok(waits || (flags & FLAG.REDUCE_ONLY) !== 0, `order ${row} of flags ${flags} is still open`);
  }
}

function tell(seed: number): RandomStory {
  const story = new RandomStory(seed);
  story.begin();
  for (let rollbacks = 0; rollbacks < 4; rollbacks++) {
    for (let n = 0; n < 40; n++) story.step();
    story.rollBack();
  }
  for (let n = 0; n < 10; n++) story.step();
  story.venue.exchange.finish();
  story.check();
  return story;
}

test('whatever is rolled back, every deposit and every withdrawal that left is there once, and all branches verify', () => {
  let restored = 0;
  let crossed = 0;
  let [carried, owed] = [0, 0n];
  for (let seed = 1; seed <= 20; seed++) {
    const { venue } = tell(seed);
    const verdicts = verifyBranches(venue.journal, { hash: sha256, roots: () => new DirectRoots(sha256) });
    for (const verdict of verdicts) assert.ok(isSound(verdict), `seed ${seed}: ${JSON.stringify(verdict)}`);
    assert.ok(
      verdicts.every(({ firstDivergence, rollback }) => firstDivergence === null && rollback?.isRemade !== false),
    );
    restored += verdicts.length - 1;
    for (const { certificate } of venue.rollbacks) {
      // Back beyond an earlier rollback: what that one carried is carried again.
      if ((venue.journal.block(certificate.restores.height)?.fork ?? 0) < certificate.parent) crossed++;
      carried += certificate.carried.withdrawals.count;
      owed += BigInt(certificate.carried.withdrawals.owed);
    }
  }
  // The stories were about something.
  assert.ok(restored > 50 && crossed > 5 && carried > 50 && owed > 0n, `${restored} ${crossed} ${carried} ${owed}`);
});

test('the same story gives the same bytes', () => {
  for (const seed of [3, 4]) assert.equal(digestOf(tell(seed).venue.journal), digestOf(tell(seed).venue.journal));
});
