// Worlds that parted are one again where they are the same but for names: no second one is executed from there on, and nothing else changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyState } from '../../src/chain/copy-state.ts';
import { commandRows } from '../../src/chain/command-record.ts';
import { COMMAND, PLACE_ORDER } from '../../src/engine/command.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../src/engine/flags.ts';
import { bandBottom } from '../../src/engine/market.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET, POSITION, VENUE } from '../../src/engine/tables.ts';
import { Counterfactual } from '../../src/remedy/counterfactual.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import { Meeting } from '../../src/remedy/same-world.ts';
import { WorldRecord } from '../../src/remedy/world-record.ts';
import { modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import { Session } from '../../src/sim/session.ts';
import { type FlowWindow, tradeWindow } from '../cone-flow.ts';

const BID = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false);

interface Ran {
  readonly full: Counterfactual;
  readonly record: WorldRecord;
  /** Batches behind which the worlds were two. */
  readonly apart: number;
  readonly meetings: number;
}

/** Runs both worlds; with blocks, they may meet behind each batch. */
function run({ batches, states }: FlowWindow, corrections: CorrectionSet, hasBlocks: boolean): Ran {
  const [start] = states(1) as [State];
  const record = new WorldRecord(copyState(start));
  let [apart, meetings] = [0, 0];
  const full = new Counterfactual(start, start, corrections, {
    onEvents: record.observe,
    onMeeting: () => {
      record.met();
      meetings++;
    },
  });
  for (const batch of batches) {
    full.take({ ...batch, closesBlock: hasBlocks });
    if (full.isParted) apart++;
  }
  return { full, record, apart, meetings };
}

const BEFORE = 60;
/** Steps of the window at which an account bids far below the book, and before which it takes the bid back. */
const BIDS = [
  { step: 5, until: 9, account: 0, market: 1 },
  { step: 8, until: 20, account: 0, market: 2 },
  { step: 11, until: 12, account: 0, market: 1 },
];

/** An account that has a position in a market and no order there: a bid of it makes no row that stays. */
function holderIn({ position }: State, market: number): number {
  for (let row = 1; row < position.rows; row++) {
    const { i32 } = position;
    const isOf = i32[row * 32 + POSITION.MARKET] === market && (i32[row * 32 + POSITION.ACCOUNT] as number) > 2;
    if (isOf && i32[row * 32 + POSITION.ORDER_COUNT] === 0) return i32[row * 32 + POSITION.ACCOUNT] as number;
  }
  throw new Error(`nobody holds market ${market} without an order`);
}

const session = new Session({ day: modelledMarketDay({ seed: 12 }), seed: 12, accounts: 80 });
let tick = 0;
const window = tradeWindow(
  {
    next: (state, commands) => {
      const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
      for (const bid of BIDS) {
        const { step, until, market } = bid;
        if (tick - BEFORE === step) {
          bid.account = holderIn(state, market);
          const { f64 } = state.market;
          const mark = f64[market * 128 + MARKET.MARK] as number;
          const size = Math.ceil(((f64[market * 128 + MARKET.MINIMUM_NOTIONAL] as number) * 1.2) / mark);
          commands.placeOrder(timeMs, bid.account, market, bandBottom(state, market) + 1, size, BID);
        }
        if (tick - BEFORE === until) commands.cancelAll(timeMs, bid.account, market);
      }
      if (tick === 0) session.opening(state, commands);
      else session.step(tick, state, commands);
      tick++;
    },
  },
  BEFORE,
  40,
);

/** The sequence of a bid. */
function sequenceOf({ step, account }: (typeof BIDS)[number]): number {
  const { words, rows, firstSequence } = window.batches[step] as FlowWindow['batches'][number];
  let sequence = firstSequence;
  for (let row = 0; row < rows; row += commandRows(words, row), sequence++) {
    if (words[row * 16] === COMMAND.placeOrder && words[row * 16 + PLACE_ORDER.ACCOUNT] === account) return sequence;
  }
  throw new Error(`account ${account} asks for nothing at step ${step}`);
}

for (const bid of BIDS) {
  test(`an order that nobody met, of ${bid.until - bid.step} steps: once it has ended the worlds are one, whatever rows later orders stand in`, () => {
    const corrections = { commands: [{ sequence: sequenceOf(bid), commands: [] }], deviations: [], keepHalts: true };
    const meeting = run(window, corrections, true);
    const apart = run(window, corrections, false);
    assert.deepEqual([meeting.meetings, meeting.apart], [1, bid.until - bid.step]);
    assert.ok(!meeting.full.isParted && apart.full.isParted);
    assert.ok(new Meeting().areSame(meeting.full.other, apart.full.other));
    const { actual, other } = apart.full;
    const used = actual.order.rows * 16;
    assert.notDeepEqual(
      actual.order.i32.subarray(0, used),
      other.order.i32.subarray(0, used),
      'orders stand in other rows',
    );
    const flows = [meeting, apart].map(({ record }) => {
      const { ledger, takings } = record.trace('other').flows;
      const rows = Array.from({ length: actual.account.rows }, (_, account) => [...ledger.rowsOf(account)]);
      return { rows, takings: takings.map(({ account, market, lots }) => [account, market, lots]) };
    });
    assert.deepEqual(flows[0], flows[1]);
    assert.deepEqual(meeting.full.divergence.minutes, apart.full.divergence.minutes);
  });
}

test('worlds in which anybody has something else do not meet', () => {
  const [account] = [3];
  const writes = [{ table: 'account', row: account, column: 'balanceLow', index: 0, value: 1 }] as const;
  const first = window.batches[0] as FlowWindow['batches'][number];
  const deviations = [{ afterSequence: first.firstSequence - 1, writes }];
  const { full, meetings } = run(window, { commands: [], deviations, keepHalts: true }, true);
  assert.deepEqual([meetings, full.isParted], [0, true]);
});
