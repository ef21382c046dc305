/**
 * A random but meaningful flow of commands over several markets and accounts: every kind of command, valid and invalid
 * values, crashes, silent oracles, statuses, forced actions late or altered. The same seed makes the same flow against the
 * same exchange: it depends on the seed and on the events that it is shown.
 */
import type { CommandBuffer, MarketDefinition } from '../engine/command-buffer.ts';
import type { EventRecord } from '../engine/event.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import {
  amend,
  cancel,
  placeBatch,
  placeConditional,
  placeLimit,
  placeMarket,
  placeReducing,
} from './random-flow-orders.ts';
import { corrupt } from './random-flow-faults.ts';
import { FLOW_MARKETS } from './random-flow-markets.ts';
import {
  act,
  actUnasked,
  deposit,
  lift,
  moveMoney,
  setLeverage,
  setParameter,
  setRule,
  setStatus,
} from './random-flow-operator.ts';
import { collateralPrice, oraclePrice, oracleRound, passTime, venueQuote } from './random-flow-prices.ts';
import { cancelForFork, fundDeposit, remedy } from './random-flow-remedy.ts';
import { FlowWorld } from './random-flow-world.ts';
import { Random } from './random.ts';

type Action = (world: FlowWorld, buffer: CommandBuffer) => void;

const tick: Action = (world, buffer) => buffer.tick(world.timeMs);

/** How often each action is taken, of the sum of all. */
const ACTIONS: readonly (readonly [number, Action])[] = [
  [300, placeLimit],
  [70, placeMarket],
  [60, placeReducing],
  [60, placeConditional],
  [30, placeBatch],
  [70, amend],
  [80, cancel],
  [20, setLeverage],
  [20, deposit],
  [40, moveMoney],
  [40, oraclePrice],
  [60, oracleRound],
  [60, venueQuote],
  [30, collateralPrice],
  [120, tick],
  [12, setStatus],
  [10, setRule],
  [10, setParameter],
  [8, actUnasked],
  [24, remedy],
  [4, fundDeposit],
  [1, cancelForFork],
  [4, defineAccount],
  [2, defineAgain],
];
const TOTAL = ACTIONS.reduce((sum, [share]) => sum + share, 0);

const FIRST_ACCOUNTS = 12;

/** An account with a random key; sometimes one that exists, sometimes of a kind or class that is none. */
function defineAccount(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const key = new Uint8Array(32).fill(random.below(256));
  const kind = random.chance(950_000) ? ACCOUNT_KIND.TRADER : random.below(4);
  buffer.defineAccount(world.timeMs, key, kind, random.chance(900_000) ? random.below(2) : 2);
}

function defineAgain(world: FlowWorld, buffer: CommandBuffer): void {
  buffer.defineMarket(world.timeMs, world.pick(FLOW_MARKETS) as MarketDefinition);
}

export class RandomFlow {
  private readonly world: FlowWorld;
  /** Share of commands that are corrupted afterwards, ppm. */
  private readonly faults: number;
  private started = false;

  constructor(seed: number | string, faults = 15_000) {
    this.world = new FlowWorld(new Random(seed));
    this.faults = faults;
  }

  /** Appends the next commands: the definitions at first, then mostly one, sometimes a few, sometimes none. */
  next(buffer: CommandBuffer): void {
    const { world } = this;
    const first = buffer.rows;
    passTime(world);
    if (!this.started) {
      this.started = true;
      this.define(buffer);
      return;
    }
    const late = world.random.chance(2_000) ? 1_000 : 0;
    world.timeMs -= late;
    this.choose()(world, buffer);
    world.timeMs += late;
    if (buffer.rows > first && world.random.chance(this.faults)) corrupt(world.random, buffer, first);
  }

  private choose(): Action {
    const { random, proposals, restricted } = this.world;
    if (proposals.length > 0 && random.chance(500_000)) return act;
    if (restricted.size > 0 && random.chance(50_000)) return lift;
    let dice = random.below(TOTAL);
    const chosen = ACTIONS.find(([share]) => (dice -= share) < 0);
    return (chosen as readonly [number, Action])[1];
  }

  /** Shows it what its commands did. */
  observe(events: readonly EventRecord[]): void {
    this.world.observe(events);
  }

  private define(buffer: CommandBuffer): void {
    const { world } = this;
    for (const market of FLOW_MARKETS) {
      world.expectMarket(market);
      buffer.defineMarket(world.timeMs, market);
    }
    for (let account = 0; account < FIRST_ACCOUNTS; account++) {
      const key = new Uint8Array(32).fill(account + 1);
      buffer.defineAccount(world.timeMs, key, ACCOUNT_KIND.TRADER, account % 4 === 3 ? 1 : 0);
      // The first ones are rich enough for values beyond 2^53.
      const amount = account < 4 ? 2 ** 51 : 1e10 * 10 ** (account % 4);
      buffer.deposit(world.timeMs, account + 3, amount, ++world.depositReference);
    }
    buffer.collateralPrice(world.timeMs, 100_000_000, world.timeMs);
  }
}
