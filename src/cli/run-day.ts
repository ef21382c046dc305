// One market day through the exchange: the work behind `run` and `start`.
import type { RootComputer } from '../chain/roots.ts';
import type { Block } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { Exchange } from '../exchange/exchange.ts';
import { type Recovered, recover } from '../exchange/recover.ts';
import type { Guard } from '../guard/guard.ts';
import type { Journal } from '../journal/journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { DayTotals } from '../sim/day-totals.ts';
import type { Session } from '../sim/session.ts';
import { CommandError, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { FinishedRun } from './run-summary.ts';

/** A block is sealed after so many commands or so much of the day. */
export const BLOCK_COMMANDS = 65_536;
export const BLOCK_MS = 60_000;
/** A snapshot every four hours of a day. */
const SNAPSHOT_BLOCKS = 240;

export interface RunDayOptions {
  readonly session: Session;
  readonly journal: Journal;
  readonly roots: RootComputer;
  /** Warrants every forced action; undefined: what the engine proposes happens. */
  readonly guard: Guard | undefined;
  /** Keeps a snapshot of the state after a block. */
  readonly saveSnapshot: (state: State, block: Block) => void;
  /** Told after each tick: how many of the session's ticks are done, and a note. */
  readonly onTick: (done: number, note: string) => void;
  /** Told when commands of an earlier process were found in the journal. */
  readonly onRecovered: (commands: number, blocks: number) => void;
}

/** Trades the session's day into the journal, from where the journal stands. Throws what stops an exchange. */
export function runDay(options: RunDayOptions): FinishedRun {
  const { session, journal, roots, onTick } = options;
  const guard = options.guard === undefined ? {} : { guard: options.guard };
  const totals = new DayTotals();
  const recovered = recover(journal, {
    hash: sha256,
    roots,
    capacity: { accounts: session.accounts + 16 },
    onEvents: (events) => totals.count(events),
    ...guard,
  });
  refuseDivergence(recovered);
  const startMs = performance.now();
  let stateRoot = recovered.replay.stateRoot ?? '';
  const exchange = new Exchange({
    state: recovered.state,
    journal,
    sealer: recovered.sealer,
    blockCommands: BLOCK_COMMANDS,
    blockMs: BLOCK_MS,
    pipelined: true,
    ...guard,
    snapshotBlocks: SNAPSHOT_BLOCKS,
    onSnapshot: options.saveSnapshot,
    onPublish: ({ events }) => totals.count(events),
    onBlock: (block) => {
      stateRoot = toHex(block.stateRoot);
    },
  });
  const before = exchange.sequence;
  if (before > 0) options.onRecovered(before, journal.height + 1);
  const commands = new CommandBuffer(1 << 14);
  for (let tick = nextTick(exchange, session); tick < session.clock.ticks; tick++) {
    commands.clear();
    if (tick === 0) session.opening(exchange.state, commands);
    else session.step(tick, exchange.state, commands);
    exchange.submit(commands);
    onTick(tick + 1, `${clock(session.clock.timeOf(tick))}  ${readableCount(exchange.sequence)} commands`);
  }
  exchange.finish();
  return {
    day: session.day,
    state: exchange.state,
    totals,
    accounts: session.accounts,
    commandsHere: exchange.sequence - before,
    seconds: (performance.now() - startMs) / 1000,
    blocks: journal.height + 1,
    stateRoot,
    journalBytes: journal.bytes,
  };
}

/** Each tick is one batch, so what is durable ends with a whole tick: the next one is known from the exchange's time. */
function nextTick(exchange: Exchange, session: Session): number {
  if (exchange.sequence === 0) return 0;
  return session.clock.tickAfter(exchange.timeMs);
}

/** Refuses to trade on a state that the journal's blocks do not vouch for. */
function refuseDivergence({ replay }: Recovered): void {
  const { firstDivergence } = replay;
  if (firstDivergence === null) return;
  const { what, height, sequence, recorded, replayed } = firstDivergence;
  throw new CommandError(
    'journal_diverges',
    `block ${height}, after command ${sequence}: ${what} is ${replayed}, recorded ${recorded}`,
    exitCodes.corruption,
  );
}

function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19);
}
