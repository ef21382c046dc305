/**
 * Who still speaks: a source that falls silent sends nothing, and nothing would be said of it until somebody is due. So the sources of
 * each market are counted at every tick, and a loss that lasts is told once, and once when it is over. It holds nothing by itself.
 */
import { QUOTE_KNOWN } from '../engine/command.ts';
import { RULE } from '../engine/rules.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import type { InputImage } from './input-image.ts';
import type { Known } from './known.ts';
import type { Check } from './verdict.ts';

/** What is said of a market's sources: what they lost, or (`isBack`) that they have it again. */
export interface SourcesTold {
  readonly market: number;
  readonly isBack: boolean;
  readonly check: Check;
  /** When the loss began, and now. */
  readonly sinceMs: number;
  readonly timeMs: number;
}

interface Loss {
  readonly check: Check;
  readonly sinceMs: number;
  isTold: boolean;
}

/** How many sources of a market are fresh: oracles, venues' indexes, venues' marks. */
type Voices = readonly [oracles: number, indexes: number, marks: number];

export class SourceWatch {
  private readonly known: Known;
  /** The most that were ever fresh at once, and what is lost now; by market. */
  private readonly most: Voices[] = [];
  private readonly losses: (Loss | undefined)[] = [];
  private tickMs = -1;

  constructor(known: Known) {
    this.known = known;
  }

  /** Counts at a tick; called as often as one likes, it sees each tick once. Returns what is to be told. */
  observe(): readonly SourcesTold[] {
    const { inputs } = this.known;
    const { rows, f64 } = inputs.market;
    const timeMs = rows > 1 ? (f64[128 + MARKET.TICK_MS] as number) : -1;
    if (timeMs === this.tickMs) return [];
    this.tickMs = timeMs;
    const ageMs = Number(this.known.rule(RULE.guard_sample_age));
    const quorum = Number(this.known.rule(RULE.guard_quorum));
    const told: SourcesTold[] = [];
    for (let market = 1; market < rows; market++) this.look(inputs, market, timeMs, ageMs, quorum, told);
    return told;
  }

  private look(
    inputs: InputImage,
    market: number,
    timeMs: number,
    ageMs: number,
    quorum: number,
    told: SourcesTold[],
  ): void {
    const voices = voicesOf(inputs, market, timeMs - ageMs);
    const before = this.most[market] ?? [0, 0, 0];
    const most = [0, 1, 2].map((n) => Math.max(before[n] as number, voices[n] as number)) as unknown as Voices;
    this.most[market] = most;
    const check = lossOf(market, voices, most, quorum);
    const loss = this.losses[market];
    if (loss !== undefined && loss.check.name !== check?.name) {
      if (loss.isTold) told.push({ market, isBack: true, check: loss.check, sinceMs: loss.sinceMs, timeMs });
      this.losses[market] = undefined;
    }
    if (check === undefined) return;
    const lasting = (this.losses[market] ??= { check, sinceMs: timeMs, isTold: false });
    // Quiet markets have gaps: what is over soon is none.
    if (lasting.isTold || timeMs - lasting.sinceMs < ageMs) return;
    lasting.isTold = true;
    told.push({ market, isBack: false, check: lasting.check, sinceMs: lasting.sinceMs, timeMs });
  }
}

function voicesOf({ oracle, quote, market: markets }: InputImage, market: number, fromMs: number): Voices {
  let [oracles, indexes, marks] = [0, 0, 0];
  for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
    if (oracle.i32[row * 8 + ORACLE.KNOWN] !== 0 && (oracle.f64[row * 4 + ORACLE.TIME_MS] as number) >= fromMs)
      oracles++;
  }
  const venues = markets.i32[market * 256 + MARKET.VENUES] as number;
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const known = quote.i32[row * 16 + QUOTE.KNOWN] as number;
    if ((venues & (1 << venue)) === 0 || known === 0 || !((quote.f64[row * 8 + QUOTE.TIME_MS] as number) >= fromMs))
      continue;
    if ((known & QUOTE_KNOWN.INDEX) !== 0) indexes++;
    if ((known & QUOTE_KNOWN.MARK) !== 0) marks++;
  }
  return [oracles, indexes, marks];
}

/** What the sources of a market have lost against what they were, the worst first; undefined when nothing. */
function lossOf(market: number, [oracles, indexes, marks]: Voices, most: Voices, quorum: number): Check | undefined {
  const about = `market ${market}`;
  const lost = (of: 'II' | 'III', name: string, found: string, expected: string): Check => {
    return { class: of, name, about, holds: false, found, expected };
  };
  if (oracles === 0 && most[0] > 0) return lost('II', 'sources_silent', 'no oracle', `${most[0]}`);
  if (oracles + indexes < quorum && most[0] + most[1] >= quorum)
    return lost('II', 'sources_quorum', `${oracles + indexes}`, `at least ${quorum}`);
  if (indexes === 0 && most[1] > 0) return lost('III', 'sources_family', 'no index of a venue', `${most[1]}`);
  if (marks === 0 && most[2] > 0) return lost('III', 'sources_marks', 'no mark of a venue', `${most[2]}`);
  return undefined;
}
