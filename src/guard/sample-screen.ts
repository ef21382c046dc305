/**
 * Samples at the door. Each is compared with what the other sources of its market say in the same batch or said not long ago: one
 * that differs from a majority that agrees is not taken. When all move together, however far, all are taken, but for jumps
 * that no market makes (`sample-pattern.ts`).
 */
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import type { Known } from './known.ts';
import { faultOf, hasPlace, type Sample, sourceName } from './sample-form.ts';
import { type Jump, mappedFeeds } from './sample-mapping.ts';
import { isRemap, patternOf } from './sample-pattern.ts';
import { placeOf, SOURCES, storedVoice, type Voice } from './sample-voice.ts';
import type { Check } from './verdict.ts';

/** Markets that are asked whether a new price of USDC can be. */
const WITNESSES = 8;
/** So long a jump that was held says where a feed may have gone. */
const HELD_LATELY_MS = 60_000;
/** A feed that is held goes on from where it was by no more than so much from one sample to the next, ppm. */
const STEP_PPM = 20_000;
/** So long a market that moved by more than the band within a tick counts as violent. */
const VIOLENT_MS = 600_000;

export class SampleScreen {
  private readonly known: Known;
  private state!: State;
  /** What the batch said up to the last tick, by market × sources + source; and since then. */
  private said = new Map<number, Sample>();
  private now = new Map<number, Sample>();
  /** Where sources were when they were last held for a jump, and why; by market × sources + source. */
  private readonly jumped = new Map<number, { readonly price: number; readonly check: Check }>();
  /** What each source said when it was last held, until one of its samples is taken; by market × sources + source. */
  private readonly heldLast = new Map<number, Sample>();
  /** The markets whose feeds came to others in this stretch; made when it is first asked for. */
  private mapped: ReadonlyMap<number, number> | undefined;
  /** Those of the last stretch in which it was asked for. */
  private lastMapped: ReadonlyMap<number, number> = new Map();
  /** When a sample that was taken last moved a market by more than the band. */
  private readonly violentMs = new Map<number, number>();
  /** Limits while a batch is judged: ppm and milliseconds. */
  private band = 0;
  private familyBand = 0;
  private ageMs = 0;

  constructor(known: Known) {
    this.known = known;
  }

  /** A batch begins. */
  begin(state: State): void {
    this.state = state;
    this.said.clear();
    this.now.clear();
    this.band = Number(this.known.rule(RULE.guard_sample_band));
    this.familyBand = Number(this.known.rule(RULE.guard_family_band));
    this.ageMs = Number(this.known.rule(RULE.guard_sample_age));
  }

  /** Judges the samples up to a tick, in their order; `hold` is told each that must not be taken. `isLast`: no other stretch follows. */
  judge(
    samples: readonly Sample[],
    floats: Float64Array,
    isLast: boolean,
    hold: (sample: Sample, check: Check) => void,
  ): void {
    this.now.clear();
    this.mapped = undefined;
    const markets = new Map<number, Sample[]>();
    for (const sample of samples) {
      if (!hasPlace(sample, this.state.market.rows)) continue;
      const place = placeOf(sample);
      const before = this.now.get(place) ?? this.before(place);
      const fault = faultOf(sample, floats, before?.sourceMs, 2 * this.band);
      if (fault !== undefined) {
        hold(sample, fault);
        continue;
      }
      this.now.set(place, sample);
      const group = markets.get(sample.market);
      if (group === undefined) markets.set(sample.market, [sample]);
      else group.push(sample);
    }
    const taken = new Map(this.said);
    const moved: Sample[] = [];
    for (const group of markets.values()) {
      const isCalm = this.isCalm(group);
      // What is back where the others are has not jumped any more.
      if (isCalm && this.heldLast.size > 0) {
        for (const sample of group) for (const map of [this.jumped, this.heldLast]) map.delete(placeOf(sample));
      }
      if (isCalm && isLast) continue;
      for (const sample of group) {
        const check = isCalm ? undefined : this.checkOf(sample);
        if (check !== undefined) {
          this.heldLast.set(placeOf(sample), sample);
          hold(sample, check);
        } else {
          this.heldLast.delete(placeOf(sample));
          taken.set(placeOf(sample), sample);
          if (!isCalm) moved.push(sample);
        }
      }
    }
    for (const sample of moved) this.noteMove(sample);
    this.said = taken;
  }

  /**
   * True when all that the sources of a market say and last said is within the band: then nothing can be amiss, but for a feed of another market
   * that was held and comes near by itself.
   */
  private isCalm(group: readonly Sample[]): boolean {
    const { market } = group[0] as Sample;
    if (market === 0 || this.said.size > 0) return false;
    if (this.heldLast.size > 0 && group.some((sample) => this.isStillAway(sample))) return false;
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    const usdc = this.before(0)?.price ?? 1e8;
    const count = (price: number): void => {
      if (price < low) low = price;
      if (price > high) high = price;
    };
    const { oracle, quote } = this.state;
    for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
      if (oracle.i32[row * 8 + ORACLE.KNOWN] !== 0)
        count(((oracle.f64[row * 4 + ORACLE.PRICE] as number) * 1e8) / usdc);
    }
    for (let row = market * VENUE_LIMIT; row < (market + 1) * VENUE_LIMIT; row++) {
      if (quote.i32[row * 16 + QUOTE.KNOWN] !== 0) count(quote.f64[row * 8 + QUOTE.INDEX] as number);
    }
    for (const sample of group) count(this.inUsdc(placeOf(sample), sample.price, usdc));
    return (high - low) * 1e6 <= low * this.band;
  }

  /** A market is violent for a while when a sample that was taken moved it by more than the band. */
  private noteMove(sample: Sample): void {
    const before = this.before(placeOf(sample));
    if (before === undefined || isNear(sample.price, before.price, this.band)) return;
    this.violentMs.set(sample.market, sample.timeMs);
  }

  private isViolent({ market, timeMs }: Sample): boolean {
    const sinceMs = this.violentMs.get(market);
    return sinceMs !== undefined && timeMs - sinceMs <= VIOLENT_MS;
  }

  private checkOf(sample: Sample): Check | undefined {
    if (sample.market === 0) return this.collateral(sample);
    const outlier = this.outlier(sample);
    if (outlier !== undefined) return outlier;
    const jump = this.stillMapped(sample) ?? this.stillJumped(sample) ?? this.jump(sample);
    if (jump === undefined) this.jumped.delete(placeOf(sample));
    else this.jumped.set(placeOf(sample), { price: sample.price, check: jump });
    return jump;
  }

  /** What a source said before this stretch of the batch, and what it says now. */
  private before(place: number): Voice | undefined {
    return this.said.get(place) ?? storedVoice(this.state, place);
  }

  private voice(place: number): Voice | undefined {
    return this.now.get(place) ?? this.before(place);
  }

  /** A price as it is compared between the families. */
  private inUsdc(place: number, price: number, usdc = this.before(0)?.price ?? 0): number {
    return place % SOURCES < ORACLE_LIMIT && usdc > 0 ? (price * 1e8) / usdc : price;
  }

  private isFresh({ sourceMs }: Voice, { timeMs }: Sample): boolean {
    return timeMs - sourceMs <= this.ageMs;
  }

  /** The sources that count in a market: its oracles, and the venues that quote it. */
  private placesOf(market: number): number[] {
    const venues = this.state.market.i32[market * 256 + MARKET.VENUES] as number;
    const places: number[] = [];
    for (let source = 0; source < SOURCES; source++) {
      const venue = source - ORACLE_LIMIT;
      if (venue < 0 || (venues & (1 << venue)) !== 0) places.push(market * SOURCES + source);
    }
    return places;
  }

  /** Prices of the other fresh sources of a sample's market. */
  private others(sample: Sample): number[] {
    const own = placeOf(sample);
    const prices: number[] = [];
    for (const place of this.placesOf(sample.market)) {
      const voice = place === own ? undefined : this.voice(place);
      if (voice !== undefined && this.isFresh(voice, sample)) prices.push(this.inUsdc(place, voice.price));
    }
    return prices;
  }

  /** A sample that differs from a majority of at least two that agree: of the others, or of the other one and its own last. */
  private outlier(sample: Sample): Check | undefined {
    const place = placeOf(sample);
    const voices = this.others(sample);
    const last = this.before(place);
    if (voices.length === 1 && last !== undefined && this.isFresh(last, sample)) {
      voices.push(this.inUsdc(place, last.price));
    }
    const { band } = this;
    const middle = lowerMiddle(voices);
    const agreeing = voices.filter((voice) => isNear(voice, middle, band)).length;
    const price = this.inUsdc(place, sample.price);
    // Of a source that goes on as it was a majority of all is asked for, itself among them: two that jumped outvote no two that did not.
    const goesOn = last !== undefined && isNear(sample.price, last.price, band);
    const all = voices.length + (goesOn ? 1 : 0);
    if (agreeing < 2 || agreeing * 2 <= all || isNear(price, middle, band)) return undefined;
    const hint = patternOf(last === undefined ? middle : this.inUsdc(place, last.price), price) ?? this.remapOf(sample);
    const expected = `within ${band} ppm of ${Math.round(middle)}, as ${agreeing} say`;
    return disagreement(sample, hint, Math.round(price), expected);
  }

  /** A source that jumped as no market does goes on from there: it waited, and is no better for it. */
  private stillJumped(sample: Sample): Check | undefined {
    const jumped = this.jumped.get(placeOf(sample));
    if (jumped === undefined || !isNear(sample.price, jumped.price, this.band)) return undefined;
    const before = this.before(placeOf(sample));
    if (before !== undefined && isNear(sample.price, before.price, this.band)) return undefined;
    return { ...jumped.check, found: String(sample.price) };
  }

  /** A jump that no market makes, of every source that is where this one is now. */
  private jump(sample: Sample): Check | undefined {
    const pattern = this.patternAt(placeOf(sample), sample);
    if (pattern === undefined) return undefined;
    const { band } = this;
    const price = this.inUsdc(placeOf(sample), sample.price);
    for (const place of this.placesOf(sample.market)) {
      const voice = this.voice(place);
      const isHere =
        voice !== undefined && this.isFresh(voice, sample) && isNear(this.inUsdc(place, voice.price), price, band);
      // One that never spoke before confirms nothing.
      if (!isHere || this.before(place) === undefined) continue;
      const now = this.now.get(place);
      // It may look like another one there: sources were last heard of at different times.
      if (now === undefined || this.patternAt(place, now) === undefined) return undefined;
    }
    return disagreement(sample, pattern, sample.price, `no jump from ${this.before(placeOf(sample))?.price ?? 0}`);
  }

  private patternAt(place: number, sample: Sample): string | undefined {
    const before = this.before(place);
    const { band } = this;
    if (before === undefined || isNear(sample.price, before.price, band)) return undefined;
    const ageMs = sample.timeMs - before.sourceMs;
    return patternOf(before.price, sample.price, ageMs, this.isViolent(sample)) ?? this.remapOf(sample);
  }

  /** The market onto whose price a sample jumped, in words. */
  private remapOf(sample: Sample): string | undefined {
    const other = this.remappedTo(sample) ?? this.exchangedWith(sample);
    return other === undefined ? undefined : mappingText(other);
  }

  /** The market that costs to the unit what a sample jumped to. */
  private remappedTo(sample: Sample): number | undefined {
    const before = this.before(placeOf(sample))?.price ?? 0;
    const source = sample.source < ORACLE_LIMIT ? 0 : ORACLE_LIMIT;
    for (let other = 1; other < this.state.market.rows; other++) {
      if (other === sample.market) continue;
      for (let from = source; from < source + ORACLE_LIMIT; from++) {
        const price = this.voice(other * SOURCES + from)?.price ?? 0;
        const inOwnUnits = (price / this.units(other)) * this.units(sample.market);
        if (isRemap(before, sample.price, price) || isRemap(before, sample.price, inOwnUnits)) return other;
      }
    }
    return undefined;
  }

  /** The market with which a sample's changed places, directly or around a circle. */
  private exchangedWith({ market, timeMs }: Sample): number | undefined {
    this.mapped ??= this.findMapped(timeMs);
    return this.mapped.get(market);
  }

  /**
   * The markets whose feeds came to others: now, or before, while two of those at least go on from where they were held. What they are
   * compared with was last taken when they went, and prices move on.
   */
  private findMapped(timeMs: number): ReadonlyMap<number, number> {
    const going = new Set<number>();
    for (const [place, held] of this.lastMapped.size === 0 ? [] : this.heldLast) {
      const sample = this.now.get(place) ?? held;
      if (timeMs - sample.timeMs > HELD_LATELY_MS) continue;
      if (isNear(sample.price, held.price, STEP_PPM)) going.add(sample.market);
    }
    const still = [...this.lastMapped].filter(([market]) => going.has(market));
    this.lastMapped = new Map([...(still.length < 2 ? [] : still), ...mappedFeeds(this.findJumps(timeMs))]);
    return this.lastMapped;
  }

  /** The first jump of a source of each market that was calm: of this stretch, else of those that were held a while ago. */
  private findJumps(timeMs: number): ReadonlyMap<number, Jump> {
    const jumps = new Map<number, Jump>();
    for (const [place, sample] of [...this.now, ...this.heldLast]) {
      const { market, price } = sample;
      if (market === 0 || jumps.has(market) || !this.hasJumped(sample)) continue;
      if (timeMs - sample.timeMs > HELD_LATELY_MS || this.isViolent(sample)) continue;
      const before = this.inUsdc(place, this.before(place)?.price ?? 0);
      const [after, remapped] = [this.inUsdc(place, price), this.remappedTo(sample)];
      jumps.set(market, { before, after, units: this.units(market), remapped });
    }
    return jumps;
  }

  private hasJumped(sample: Sample): boolean {
    const before = this.before(placeOf(sample));
    return before !== undefined && (!isNear(sample.price, before.price, this.band) || this.isStillAway(sample));
  }

  /** True of a source that was held and is nearer to what it said then than to what was taken from it. */
  private isStillAway(sample: Sample): boolean {
    const [held, before] = [this.heldLast.get(placeOf(sample)), this.before(placeOf(sample))];
    if (held === undefined || before === undefined) return false;
    return Math.abs(sample.price - held.price) < Math.abs(sample.price - before.price);
  }

  /** A source of another market's that came within the band by itself: held for as long as the others' feeds are elsewhere as well. */
  private stillMapped(sample: Sample): Check | undefined {
    const before = this.before(placeOf(sample));
    if (before === undefined || !isNear(sample.price, before.price, this.band) || !this.isStillAway(sample))
      return undefined;
    const other = this.exchangedWith(sample);
    if (other === undefined) return undefined;
    return disagreement(sample, mappingText(other), sample.price, `no feed of another market, from ${before.price}`);
  }

  private units(market: number): number {
    return (this.state.market.f64[market * 128 + MARKET.SIZE_STEP] as number) / 1e12;
  }

  /** A price of USDC that most markets' venues contradict, while the one before it is as they say. */
  private collateral(sample: Sample): Check | undefined {
    const before = this.before(0);
    if (before === undefined) return undefined;
    const band = this.familyBand;
    let witnesses = 0;
    let against = 0;
    for (let market = 1; market < this.state.market.rows && witnesses < WITNESSES; market++) {
      const prices = this.familiesOf(market, sample);
      if (prices === undefined) continue;
      const [oracle, index] = prices;
      witnesses++;
      if (!isNear((oracle * 1e8) / sample.price, index, band) && isNear((oracle * 1e8) / before.price, index, band))
        against++;
    }
    if (against * 2 <= witnesses) return undefined;
    const expected = `as ${against} of ${witnesses} markets' venues say: about ${before.price}`;
    return disagreement(sample, patternOf(before.price, sample.price), sample.price, expected);
  }

  /** A fresh oracle and a fresh venue's index of a market. */
  private familiesOf(market: number, sample: Sample): readonly [number, number] | undefined {
    const fresh = (from: number, to: number): number | undefined => {
      for (let source = from; source < to; source++) {
        const voice = this.voice(market * SOURCES + source);
        if (voice !== undefined && this.isFresh(voice, sample)) return voice.price;
      }
      return undefined;
    };
    const [oracle, index] = [fresh(0, ORACLE_LIMIT), fresh(ORACLE_LIMIT, SOURCES)];
    return oracle === undefined || index === undefined ? undefined : [oracle, index];
  }
}

function isNear(price: number, other: number, ppm: number): boolean {
  return Math.abs(price - other) * 1e6 <= other * ppm;
}

/** The market whose price a sample is, in words. */
function mappingText(other: number): string {
  return `the price of market ${other}: wrong mapping`;
}

/** The middle one of sorted values, the lower of the middle two; 0 of none. */
function lowerMiddle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
}

function disagreement(sample: Sample, hint: string | undefined, found: number, expected: string): Check {
  const about = hint === undefined ? sourceName(sample) : `${sourceName(sample)} (${hint})`;
  return { class: 'II', name: 'sample_agreement', about, holds: false, found: String(found), expected };
}
