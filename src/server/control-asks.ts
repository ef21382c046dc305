/** What a running exchange answers at its control socket. */
import { type CommandRecord, BadCommandRecord } from '../chain/command-value.ts';
import { writeCommand } from '../chain/command-record.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { marketCount } from '../engine/state.ts';
import { componentName } from '../guard/finding.ts';
import { type ControlRequest, ControlRefused } from './control-socket.ts';
import type { LiveExchange } from './live-exchange.ts';
import { PriceMoves } from './price-moves.ts';

type Ask = (live: LiveExchange, request: ControlRequest) => object | Promise<object>;

const ASKS: { readonly [ask: string]: Ask } = {
  status: (live) => statusOf(live),
  submit,
  act: (live, { act }) => live.act(act),
  pause: async (live, { database }) => ({ height: await live.pause(database === 'close') }),
  resume: async (live, { ladder, migrations = [] }) => {
    if (!Array.isArray(migrations) || !migrations.every((name) => typeof name === 'string')) {
      throw new ControlRefused('not_a_request', 'migrations is a list of names');
    }
    await live.resume(ladder === true, migrations);
    return { height: live.head.height, epoch: live.link?.epoch ?? 0 };
  },
  release_database: async (live) => {
    await live.release();
    return { height: live.head.height };
  },
  reopen_database: async (live) => {
    await live.reattach();
    return { epoch: live.link?.epoch ?? 0 };
  },
  snapshot: (live) => ({ height: live.snapshot() }),
  accept_clock: (live) => {
    live.clock.accept();
    return { timeMs: live.clock.timeMs };
  },
  stop: (live) => {
    live.stop();
    return { height: live.head.height };
  },
};

/** Answers a request, with the place in the history that the answer is of (`asOf`). Refuses (throws `ControlRefused`) one that is not known, and what the exchange does not take now. */
export function answerAsk(live: LiveExchange, request: ControlRequest): object | Promise<object> {
  const answer = answerOf(live, request);
  return answer instanceof Promise ? answer.then((later) => placed(live, later)) : placed(live, answer);
}

function placed(live: LiveExchange, answer: object): object {
  const { height, fork } = live.head;
  return { asOf: { height, fork }, ...answer };
}

function answerOf(live: LiveExchange, request: ControlRequest): object | Promise<object> {
  const ask = Object.hasOwn(ASKS, request.ask) ? ASKS[request.ask] : undefined;
  if (ask === undefined) {
    throw new ControlRefused('unknown_request', `${request.ask} is none of ${Object.keys(ASKS).join(', ')}`);
  }
  return ask(live, request);
}

/** Commands as readable records without a time: they are taken at the exchange's. Answers with what they did. */
function submit(live: LiveExchange, { commands }: ControlRequest): object {
  if (!Array.isArray(commands) || commands.length === 0)
    throw new ControlRefused('no_commands', 'commands is a list of at least one');
  const buffer = new CommandBuffer(64);
  for (const record of commands as unknown[]) buffer.append(rowsOf(record, live.exchange.timeMs), 1);
  const before = live.exchange.sequence;
  const held = live.submit(buffer).map(({ row, check }) => ({ row, check }));
  // What was held did nothing: then the events are none of these commands'.
  const events = live.exchange.sequence > before ? [...live.state.events.all()] : [];
  return {
    firstSequence: before + 1,
    lastSequence: live.exchange.sequence,
    timeMs: live.exchange.timeMs,
    events,
    held,
  };
}

function rowsOf(record: unknown, timeMs: number): Uint8Array {
  if (typeof record !== 'object' || record === null || !('kind' in record) || record.kind === 'raw') {
    throw new ControlRefused('not_a_command', 'a command is an object that says its kind and the fields of it');
  }
  try {
    return writeCommand({ ...(record as CommandRecord), timeMs });
  } catch (error) {
    if (error instanceof BadCommandRecord) throw new ControlRefused('not_a_command', error.message);
    throw error;
  }
}

/** All that there is to say about an exchange, with the place in the history that it is said of. */
export function statusOf(live: LiveExchange): object {
  const { link, exchange, birth, clock, guard, reopening, state } = live;
  const { gates } = live.readiness;
  const { height, fork, stateRoot } = live.head;
  return {
    exchange: birth.exchange,
    asOf: { height, fork, stateRoot, sequence: exchange.sequence, timeMs: exchange.timeMs },
    birth,
    heldBy: live.heldBy(),
    ready: gates.filter(({ isOpen }) => isOpen).at(-1)?.name ?? 'nothing',
    gates,
    lease: link === undefined ? 'none' : { epoch: link.epoch, isRunning: link.isRunning, isAttached: link.isAttached },
    projection:
      link === undefined ? 'none' : { height: link.height, lagBlocks: link.height < 0 ? null : height - link.height },
    clock: { aheadMs: Math.round(clock.aheadMs), isWallDoubted: clock.isWallDoubted },
    moves: { sinceMs: live.moves.sinceMs ?? null, windowMs: PriceMoves.WINDOW_MS, markets: live.moves.all },
    quarantine: guard.quarantine.all.map(
      ({ component, check }) => `${componentName(component)}: ${check.name} ${check.found}`,
    ),
    reopening: Array.from({ length: marketCount(state) }, (_, at) => at + 1).flatMap((market) => {
      const rung = reopening.rungOf(market);
      if (rung === undefined) return [];
      const waits = (reopening.reasons.get(market)?.conditions ?? []).filter(({ holds }) => !holds);
      return [
        { market, rung, waitsFor: waits.map(({ name, found, needed }) => `${name}: ${found}, needed ${needed}`) },
      ];
    }),
  };
}
