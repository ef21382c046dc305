/** A data folder with a history of its own: what `serve` would leave behind a day with many accounts. Made once, used again. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../src/engine/event.ts';
import { DataDir } from '../src/server/data-dir.ts';
import { recoverFolder } from '../src/server/recover-folder.ts';
import { EndlessSession } from '../src/sim/endless-session.ts';
import { modelledMarketDay } from '../src/sim/modelled-market-day.ts';
import type { Tell } from './series.ts';

export interface VenueRequest {
  readonly fills: number;
  readonly accounts: number;
  readonly seed: number;
  readonly tickMs: number;
  /** Digest of what the traffic is made of, as `serve` computes it. */
  readonly inputs: string;
}

export interface VenueRecord extends VenueRequest {
  readonly commands: number;
  /** Fills that were made; at least as many as were asked for. */
  readonly made: number;
  readonly blocks: number;
  readonly seconds: number;
}

/** Where trading begins: a morning, so that a day of it is within one calendar day and a half. */
const START_MS = Date.UTC(2026, 0, 19, 6);
/** Blocks are as long as `serve` makes them at this speed: 20 seconds of the exchange's time. */
const SPEED = 10;
const RECORD = 'bench.json';
const TOLD_TICKS = 1000;

/** Makes the venue in `folder`, or finds it there as it was made; one of another kind is made anew. */
export function makeVenue(folder: string, request: VenueRequest, tell: Tell): VenueRecord {
  const file = join(folder, RECORD);
  if (existsSync(file)) {
    const found = JSON.parse(readFileSync(file, 'utf8')) as VenueRecord;
    if (Object.entries(request).every(([name, value]) => found[name as keyof VenueRecord] === value)) return found;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const record = { ...request, ...trade(folder, request, tell) };
  writeFileSync(file, JSON.stringify(record));
  return record;
}

function trade(
  folder: string,
  { fills, accounts, seed, tickMs, inputs }: VenueRequest,
  tell: Tell,
): Pick<VenueRecord, 'commands' | 'made' | 'blocks' | 'seconds'> {
  const startMs = performance.now();
  const day = modelledMarketDay({ seed, tickMs });
  const traffic = new EndlessSession({ day, seed, accounts });
  const dir = DataDir.open(folder, inputs);
  let made = 0;
  const { exchange, journal, roots } = recoverFolder(
    { folder: dir.journal, disk: undefined, accounts, speed: SPEED },
    {
      tell: ({ name, message, isTrouble }) => (isTrouble ? tell(`${name}: ${message}`) : undefined),
      unready: () => '',
      onHeldCommand: () => undefined,
      onPublish: ({ events: { values, count } }) => {
        for (let n = 0; n < count; n++) if (values[n * EVENT_FLOATS] === EVENT.filled) made++;
      },
    },
  );
  try {
    const buffer = new CommandBuffer(1 << 14);
    for (let tick = 0; made < fills; tick++) {
      buffer.clear();
      const timeMs = START_MS + tick * tickMs;
      if (tick === 0) traffic.opening(timeMs, exchange.state, buffer);
      else traffic.step(timeMs, exchange.state, buffer, true);
      exchange.submit(buffer);
      if (tick % TOLD_TICKS === 0 && tick > 0) tell(`${made} fills of ${exchange.sequence} commands`);
    }
    exchange.finish();
    const seconds = Math.round(performance.now() - startMs) / 1000;
    return { commands: exchange.sequence, made, blocks: journal.height + 1, seconds };
  } finally {
    journal.close();
    void roots.close();
    dir.close();
  }
}
