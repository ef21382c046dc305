import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wide } from '../engine/amount.ts';
import { COMMAND, COMMAND_KINDS, QUOTE_KNOWN } from '../engine/command.ts';
import { EVENT, type EventRecord } from '../engine/event.ts';
import { REFUSALS } from '../engine/refusal.ts';
import { INSURANCE_FUND, marketCount, State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION, QUOTE, VENUE } from '../engine/tables.ts';
import { dayOf, START_MS } from './day.fixture.ts';
import { drive } from './drive.fixture.ts';
import { Session } from './session.ts';

const ACCOUNTS = 240;
const quiet = (level: number) => (minute: number) => level * (1 + ((minute * 7919) % 13) / 20_000);
const quietDay = dayOf({ 'BTC-USD-PERP': quiet(92_500), 'SOL-USD-PERP': quiet(134), 'NEW-USD-PERP': quiet(0.42) }, 60);
const quietSession = (seed = 1): Session => new Session({ day: quietDay, seed, accounts: ACCOUNTS });
/** A market that loses 45 % between the 20th and the 35th minute, beside a quiet one. */
const crash = (minute: number): number => 100 * (minute < 20 ? 1 : minute < 35 ? 1 - 0.03 * (minute - 20) : 0.55);
const crashSession = (): Session =>
  new Session({
    day: dayOf({ 'SOL-USD-PERP': crash, 'BTC-USD-PERP': quiet(92_500) }, 60),
    seed: 1,
    accounts: 800,
  });

/** The same state in buffers of its own, its index rebuilt. */
function copyOf(state: State): State {
  const copy = new State();
  for (const [name, table] of state.tables()) {
    const to = copy[name];
    to.reserve(table.rows);
    to.bytes.set(table.bytes.subarray(0, table.rows * table.schema.rowBytes));
    to.rows = table.rows;
    to.free = table.free;
    to.live = table.live;
  }
  copy.index.restore(copy);
  return copy;
}

/** Money that is there less money that came in, from the tables alone: zero when nothing was made or lost. */
function residual(state: State): number {
  const sum = new Wide();
  const add = (values: Float64Array, at: number): void =>
    void sum.addLimbs(values[at] as number, values[at + 1] as number);
  const take = (values: Float64Array, at: number): void =>
    void sum.addLimbs(-(values[at] as number), -(values[at + 1] as number));
  const { account, market, position, venue } = state;
  for (let row = 1; row < account.rows; row++) {
    add(account.f64, row * account.rowFloats + ACCOUNT.BALANCE_HIGH);
    add(account.f64, row * account.rowFloats + ACCOUNT.PENDING_HIGH);
  }
  for (let row = 1; row < market.rows; row++) add(market.f64, row * market.rowFloats + MARKET.FUNDING_CLEARING_HIGH);
  for (let row = 1; row < position.rows; row++) take(position.f64, row * position.rowFloats + POSITION.COST_HIGH);
  take(venue.f64, venue.rowFloats + VENUE.DEPOSITED_HIGH);
  add(venue.f64, venue.rowFloats + VENUE.WITHDRAWN_HIGH);
  return sum.toNumber();
}

describe('Session', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    const first = drive(quietSession(), { ticks: 120 });
    assert.equal(drive(quietSession(), { ticks: 120 }).hash, first.hash);
    assert.notEqual(drive(quietSession(2), { ticks: 120 }).hash, first.hash);
  });

  test('taken up after any tick from the state alone, it goes on with the same bytes', () => {
    const bytes: string[] = [];
    let copy: State | undefined;
    drive(quietSession(), {
      ticks: 150,
      eachTick: (tick, state, commands) => {
        if (tick === 99) copy = copyOf(state);
        if (tick > 99) bytes.push(Buffer.from(commands.bytes.subarray(0, commands.rows * 64)).toString('base64'));
      },
    });
    const again: string[] = [];
    drive(quietSession(), {
      ticks: 150,
      from: { tick: 99, state: copy as State },
      eachTick: (_, __, commands) =>
        again.push(Buffer.from(commands.bytes.subarray(0, commands.rows * 64)).toString('base64')),
    });
    assert.equal(again.length, 51);
    assert.deepEqual(again, bytes);
  });

  test('a quiet hour: trades and funding, no liquidation, hardly a refusal, and none for a malformed command', () => {
    const { totals, state, commands } = drive(quietSession(), { ticks: 719 });
    assert.ok(totals.fills > 500, `${totals.fills} fills`);
    assert.ok(totals.fundings > 500);
    assert.ok(totals.fundingCharged.toNumber() > 0);
    assert.equal(totals.liquidations, 0);
    assert.equal(totals.ticks, 720);
    assert.equal(totals.fundingPauses, 0);
    const refusals = new Map(totals.refusals());
    for (const name of [
      'command_malformed',
      'command_unknown',
      'time_runs_backwards',
      'market_unknown',
      'account_unknown',
    ]) {
      assert.equal(refusals.get(name) ?? 0, 0, name);
    }
    const refused = [...refusals.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(refused < commands * 0.02, `${refused} of ${commands} refused: ${JSON.stringify([...refusals])}`);
    assert.equal(residual(state), 0);
  });

  test('as a trader sees it: books are two-sided and tight, the mark is near the spot, funding is moderate', () => {
    const { state } = drive(quietSession(), { ticks: 719 });
    for (let market = 1; market <= marketCount(state); market++) {
      const { bestBid, bestAsk } = state.index.books[market]!;
      const spread = ((bestAsk - bestBid) / bestBid) * 1e4;
      assert.ok(bestBid > 0 && spread > 0 && spread < 25, `market ${market}: spread of ${spread} bp`);
      const { f64 } = state.market;
      const at = market * state.market.rowFloats;
      const basis = Math.abs((f64[at + MARKET.MARK] as number) / (f64[at + MARKET.SPOT] as number) - 1) * 1e4;
      assert.ok(basis < 15, `market ${market}: mark ${basis} bp from spot`);
      const rate = (f64[at + MARKET.FUNDING_RATE] as number) / 1e12;
      assert.ok(Math.abs(rate) < 0.001, `market ${market}: funding ${rate}`);
    }
  });

  test('in a crash accounts are liquidated, the insurance fund takes their positions and works them off', () => {
    let largest = 0;
    const fundExposure = (state: State): number => {
      let sum = 0;
      for (let row = 1; row < state.position.rows; row++) {
        if (state.position.i32[row * 32 + POSITION.ACCOUNT] !== INSURANCE_FUND) continue;
        sum += Math.abs(state.position.f64[row * 16 + POSITION.SIZE] as number);
      }
      return sum;
    };
    const { state, totals } = drive(crashSession(), {
      ticks: 719,
      eachTick: (_, now) => {
        largest = Math.max(largest, fundExposure(now));
      },
    });
    assert.ok(totals.liquidations > 20, `${totals.liquidations} liquidations`);
    assert.ok(totals.liquidatedAccounts.size > 10);
    assert.ok(totals.penalties.toNumber() > 0);
    assert.ok(totals.triggers > 5, `${totals.triggers} triggers`);
    assert.deepEqual(
      [...totals.positionsTaken.keys()].filter((market) => market !== 1 && market !== 2),
      [],
    );
    assert.ok(largest > 0);
    assert.ok(fundExposure(state) < largest / 10, `${fundExposure(state)} of ${largest} lots left`);
    assert.equal(residual(state), 0);
  });

  test('where the record is silent no sample comes, funding pauses, traders wait; then all goes on', () => {
    const silent = (minute: number): number | undefined => (minute >= 10 && minute < 20 ? undefined : 100);
    const day = dayOf({ 'SOL-USD-PERP': silent, 'BTC-USD-PERP': quiet(92_500) }, 30);
    const sol = day.markets.findIndex(({ name }) => name === 'SOL-USD-PERP') + 1;
    const pauses: EventRecord<'fundingPaused'>[] = [];
    const orders = { before: 0, during: 0, after: 0 };
    let samplesWhileSilent = 0;
    drive(new Session({ day, seed: 1, accounts: ACCOUNTS }), {
      ticks: 359,
      eachTick: (tick, state, commands) => {
        const minute = tick / 12;
        for (const event of state.events.all()) {
          if (event.kind === 'fundingPaused' && (event as EventRecord<'fundingPaused'>).market === sol) {
            pauses.push(event as EventRecord<'fundingPaused'>);
          }
          if (event.kind !== 'orderAccepted' || (event as EventRecord<'orderAccepted'>).market !== sol) continue;
          orders[minute < 11.7 ? 'before' : minute <= 20 ? 'during' : 'after']++;
        }
        if (minute < 10 || minute >= 20) return;
        for (let row = 0; row < commands.rows; row += commands.i32[row * 16 + 1] as number) {
          const kind = commands.i32[row * 16];
          const isSample = kind === COMMAND.oraclePrice || kind === COMMAND.venueQuote;
          if (isSample && commands.i32[row * 16 + 4] === sol) samplesWhileSilent++;
        }
      },
    });
    assert.equal(samplesWhileSilent, 0);
    assert.deepEqual(
      pauses.map(({ cause }) => cause !== 0),
      [false, true, false],
    );
    assert.ok(orders.before > 50 && orders.after > 50, JSON.stringify(orders));
    assert.equal(orders.during, 0);
  });

  test('commands are in order of time, within their interval, and the tick is last', () => {
    drive(quietSession(), {
      ticks: 60,
      eachTick: (tick, _, commands) => {
        const untilMs = START_MS + tick * 5000;
        let beforeMs = tick === 0 ? START_MS : untilMs - 5000;
        let kind = 0;
        for (let row = 0; row < commands.rows; row += commands.i32[row * 16 + 1] as number) {
          const timeMs = commands.f64[row * 8 + 1] as number;
          assert.ok(timeMs >= beforeMs && timeMs <= untilMs, `${COMMAND_KINDS[kind]} at ${timeMs}`);
          beforeMs = timeMs;
          kind = commands.i32[row * 16] as number;
        }
        assert.equal(kind, COMMAND.tick);
        assert.equal(beforeMs, untilMs);
      },
    });
  });

  test('no sample is refused, and a venue that has nothing new says nothing', () => {
    let quotes = 0;
    let samples = 0;
    drive(quietSession(), {
      ticks: 240,
      eachTick: (_, state, commands) => {
        for (let row = 0; row < commands.rows; row += commands.i32[row * 16 + 1] as number) {
          if (commands.i32[row * 16] === COMMAND.venueQuote) quotes++;
          if (commands.i32[row * 16] === COMMAND.oraclePrice) samples++;
        }
        for (const event of state.events.all()) {
          if (event.kind !== 'refused') continue;
          const { refusal } = event as EventRecord<'refused'>;
          assert.ok(
            refusal !== REFUSALS.indexOf('sample_not_newer') && refusal !== REFUSALS.indexOf('value_out_of_range'),
          );
        }
      },
    });
    const venues = quietDay.markets.reduce((sum, market) => sum + market.venues.length, 0);
    assert.ok(samples >= 241 * 3);
    assert.ok(quotes > 0 && quotes < 241 * venues * 0.8, `${quotes} of ${241 * venues}`);
  });

  test('the external quotes that arrive are those of the bars', () => {
    const { state } = drive(quietSession(), { ticks: 0 });
    const btc = quietDay.markets.findIndex(({ name }) => name === 'BTC-USD-PERP') + 1;
    const row = btc * 8;
    assert.ok(((state.quote.i32[row * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.MARK) !== 0);
    assert.equal(state.quote.f64[row * 8 + QUOTE.MARK], 92_500_000);
  });

  test('few accounts, even one, still make a session', () => {
    for (const accounts of [1, 9, 50]) {
      const session = new Session({ day: quietDay, seed: 1, accounts });
      const { totals } = drive(session, { ticks: 60 });
      assert.ok(session.accounts >= 8 && totals.orders > 0, `${accounts}`);
    }
    assert.equal(quietSession().clock.ticks, 17_280);
    assert.equal(quietSession().clock.timeOf(12), START_MS + 60_000);
  });

  test('totals are what the events say', () => {
    const counted = { orders: 0, amends: 0, fills: 0, marks: 0, refused: 0, fees: 0, charged: 0, events: 0, closed: 0 };
    const { totals } = drive(crashSession(), {
      ticks: 420,
      eachTick: (_, state) => {
        for (const event of state.events.all() as EventRecord<'filled' | 'fundingSettled'>[]) {
          counted.events++;
          const kind = EVENT[event.kind];
          if (kind === EVENT.orderAccepted) counted.orders++;
          if (kind === EVENT.orderAmended) counted.amends++;
          if (kind === EVENT.marked) counted.marks++;
          if (kind === EVENT.refused) counted.refused++;
          if (kind === EVENT.orderClosed) counted.closed++;
          if (kind === EVENT.filled) {
            counted.fills++;
            counted.fees += (event as EventRecord<'filled'>).takerFee;
          }
          const { amount } = event as EventRecord<'fundingSettled'>;
          if (kind === EVENT.fundingSettled && amount > 0) counted.charged += amount;
        }
      },
    });
    const sum = (pairs: [string, number][]): number => pairs.reduce((total, [, count]) => total + count, 0);
    assert.deepEqual(counted, {
      orders: totals.orders,
      amends: totals.amends,
      fills: totals.fills,
      marks: totals.marks,
      refused: sum(totals.refusals()),
      fees: totals.takerFees.toNumber(),
      charged: totals.fundingCharged.toNumber(),
      events: totals.events,
      closed: sum(totals.closes()),
    });
  });
});
