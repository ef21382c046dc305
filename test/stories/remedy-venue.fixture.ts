// A venue with round numbers whose history goes wrong at a known place, and what comes of it: both worlds, and the claims.
import type { BatchEntry } from '../../src/chain/entry.ts';
import { readCommand } from '../../src/chain/command-record.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { applyCommands } from '../../src/engine/batch.ts';
import { CommandBuffer, type MarketDefinition } from '../../src/engine/command-buffer.ts';
import type { EventRecord } from '../../src/engine/event.ts';
import { INSTRUCTION } from '../../src/engine/flags.ts';
import { ACCOUNT_KIND, genesis, type State } from '../../src/engine/state.ts';
import { MARKET } from '../../src/engine/tables.ts';
import { only, type OrderTerms, ROUND_MARKET, USDC, writeOrder } from '../../src/engine/venue.fixture.ts';
import { Exchange } from '../../src/exchange/exchange.ts';
import { recover } from '../../src/exchange/recover.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import type { Guard } from '../../src/guard/guard.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { freeFund } from '../../src/remedy/claim-payment.ts';
import { type Claims, type ClaimsInput, makeClaims } from '../../src/remedy/claims.ts';
import type { CorrectedCommand, CorrectionSet } from '../../src/remedy/correction.ts';
import { Counterfactual } from '../../src/remedy/counterfactual.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { type Deviation, deviate } from '../../src/remedy/deviation.ts';
import type { IncidentWorlds } from '../../src/remedy/incident-worlds.ts';
import type { PolicyDocument } from '../../src/remedy/policy-document.ts';
import { asRecorded, type Valuation, valuationOf } from '../../src/remedy/valuation.ts';
import { WorldRecord } from '../../src/remedy/world-record.ts';
import { worthOfWritten } from '../../src/remedy/written.ts';

/** Prices of a valuation that are not the counterfactual's marks, in USDC, by market. */
export type Prices = ReadonlyMap<number, number>;

type ClaimsMembers = Partial<ClaimsInput> & {
  readonly prices?: Prices;
  /** Accounts that were told later. */
  readonly late?: IncidentWorlds['late'];
};

export class IncidentForTest {
  readonly journal = new MemoryJournal();
  readonly state: State;
  readonly exchange: Exchange;
  timeMs = 1_000_000;
  /** Sequence of the last command that was good. */
  goodSequence = 0;
  private readonly presets: Deviation[] = [];
  private readonly deviations: Deviation[] = [];
  private readonly corrected: CorrectedCommand[] = [];
  private readonly buffer = new CommandBuffer();
  private events: EventRecord[] = [];
  private accounts = 2;
  private reference = 0;

  /** With a guard, whatever is forced on anyone has its warrant. */
  constructor(guard?: Guard) {
    const guarded = guard === undefined ? {} : { guard };
    const { state, sealer } = recover(this.journal, { hash: sha256, roots: new DirectRoots(sha256), ...guarded });
    this.state = state;
    this.exchange = new Exchange({
      state,
      journal: this.journal,
      sealer,
      ...guarded,
      blockCommands: 65_536,
      blockMs: 3_600_000,
      onPublish: ({ events }) => {
        this.events = events.all();
      },
    });
  }

  /** Submits what `write` writes as one batch; returns what happened, forced actions included. */
  submit(write: (buffer: CommandBuffer, timeMs: number) => void): EventRecord[] {
    this.buffer.clear();
    write(this.buffer, this.timeMs);
    this.exchange.submit(this.buffer);
    return this.events;
  }

  /** A market like `ROUND_MARKET` without fees of its own and without funding, but for what is said; returns its number. */
  market(changes: Partial<MarketDefinition> = {}): number {
    const name = `ROUND${this.state.market.rows}-USD-PERP`;
    const market = { ...ROUND_MARKET, MAXIMUM_FUNDING_RATE: 0, name, ...changes };
    return only(
      this.submit((buffer, timeMs) => buffer.defineMarket(timeMs, market)),
      'marketDefined',
    ).market;
  }

  /** A trader who pays no fees, with a deposit in USDC; returns the account's number. */
  trader(usdc: number): number {
    const key = new Uint8Array(32).fill(++this.accounts);
    const events = this.submit((buffer, timeMs) => buffer.defineAccount(timeMs, key, ACCOUNT_KIND.TRADER, 1));
    const { account } = only(events, 'accountDefined');
    if (usdc > 0) this.deposit(account, usdc);
    return account;
  }

  deposit(account: number, usdc: number): void {
    const amount = Math.round(usdc * USDC);
    this.submit((buffer, timeMs) => buffer.deposit(timeMs, account, amount, ++this.reference));
  }

  /** Lets time pass, makes `usdc` the spot, and ticks; returns what happened. */
  price(market: number, usdc: number, elapsedMs = 6_000): EventRecord[] {
    this.timeMs += elapsedMs;
    return this.submit((buffer, timeMs) => {
      this.writePrice(buffer, timeMs, market, usdc);
      buffer.tick(timeMs);
    });
  }

  /** The same, but what is told is wrong: the correction of it is that it was `right`. */
  wrongPrice(market: number, told: number, right: number, elapsedMs = 6_000): EventRecord[] {
    const first = this.exchange.sequence + 1;
    const corrected = new CommandBuffer();
    this.writePrice(corrected, this.timeMs + elapsedMs, market, right);
    for (let row = 0; row < corrected.rows; row++) {
      this.corrected.push({ sequence: first + row, commands: [readCommand(corrected.bytes, row)] });
    }
    return this.price(market, told, elapsedMs);
  }

  private writePrice(buffer: CommandBuffer, timeMs: number, market: number, usdc: number): void {
    const price = this.units(market, usdc);
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    buffer.oraclePrice(timeMs, market, 0, price, timeMs);
    buffer.venueQuote(timeMs, market, 0, 3, timeMs, price, price, 0, 0);
  }

  /** A price in USDC in the price units of a market whose ticks are USDC. */
  units(market: number, usdc: number): number {
    return Math.round(usdc * (this.state.market.f64[market * 128 + MARKET.TICK_UNITS] as number));
  }

  place(account: number, market: number, terms: OrderTerms): EventRecord[] {
    return this.submit((buffer, timeMs) => writeOrder(buffer, timeMs, account, market, terms));
  }

  /** Makes `long` buy lots from `short` at a price in USDC. */
  trade(long: number, short: number, market: number, size: number, price: number): void {
    this.place(short, market, { sell: true, price, size });
    this.place(long, market, { price, size, instruction: INSTRUCTION.IOC });
  }

  setRule(rule: number, value: number): void {
    this.submit((buffer, timeMs) => buffer.setRule(timeMs, rule, value));
  }

  /** What was up to here was right. */
  isGood(): void {
    this.goodSequence = this.exchange.sequence;
  }

  /** What a long history before the last good block left: every world starts from it. */
  preset(writes: Deviation['writes']): void {
    const deviation = { afterSequence: this.exchange.sequence, writes };
    this.presets.push(deviation);
    deviate(this.state, deviation);
  }

  /** From here on the state has these values, which no command wrote. */
  deviate(writes: Deviation['writes']): void {
    const deviation = { afterSequence: this.exchange.sequence, writes };
    this.deviations.push(deviation);
    deviate(this.state, deviation);
  }

  /** What was wrong so far, and is right in its place. */
  get correctionSet(): CorrectionSet {
    return { commands: this.corrected, deviations: this.deviations, keepHalts: true };
  }

  /** Both worlds at the end, at the counterfactual's marks or at other prices. */
  worlds(
    corrections: Partial<CorrectionSet> = {},
    prices: Prices = new Map(),
  ): { readonly worlds: IncidentWorlds; readonly record: WorldRecord } {
    const [before, actual, other] = [genesis(), genesis(), genesis()];
    const set = { commands: this.corrected, deviations: this.deviations, keepHalts: true, ...corrections };
    const record = new WorldRecord(before);
    const run = new Counterfactual(actual, other, set, {
      onEvents: record.observe,
      onDeviation: (state) => record.deviated(state),
      unwind: unwindInsurance,
    });
    for (const entry of this.batches()) {
      for (const preset of this.presets.filter(({ afterSequence }) => afterSequence === entry.firstSequence - 1)) {
        for (const state of [before, actual, other]) deviate(state, preset);
      }
      if (entry.firstSequence > this.goodSequence) run.take(entry);
      else for (const state of [before, actual, other]) applyCommands(state, entry.words, entry.floats, entry.rows);
      for (const state of [before, actual, other]) state.events.clear();
    }
    const valuation = this.pricedAt(valuationOf(run.other), prices);
    const worlds: IncidentWorlds = {
      before,
      actual,
      other: run.other,
      valuation,
      settledInActual: run.settledInActual,
      settledInOther: asRecorded,
      moves: [],
      written: worthOfWritten(run.written, valuation.prices),
      divergence: run.divergence.minutes,
      marketsByReference: [],
      givenBack: [],
      late: new Map(),
      reactive: { commands: 0, accounts: 0 },
    };
    return { worlds, record };
  }

  /** The claims of the incident. */
  claims(
    corrections: Partial<CorrectionSet> = {},
    members: Partial<PolicyDocument> = {},
    { prices = new Map(), late = new Map(), ...more }: ClaimsMembers = {},
  ): Claims {
    const { worlds: inTime, record } = this.worlds(corrections, prices);
    const worlds = { ...inTime, late };
    return makeClaims({
      worlds,
      record,
      corrections: { commands: this.corrected, deviations: this.deviations, keepHalts: true, ...corrections },
      policy: { ...DEFAULT_POLICY, interest: { ...DEFAULT_POLICY.interest, ppmYear: 0 }, ...members },
      interest: { fromMs: 0, toMs: 0 },
      fork: 0,
      fund: freeFund(worlds.actual),
      ...more,
    });
  }

  private pricedAt({ prices, indexes }: Valuation, other: Prices): Valuation {
    return {
      prices: prices.map((price, market) => {
        const usdc = other.get(market);
        return usdc === undefined ? price : BigInt(this.units(market, usdc));
      }),
      indexes,
    };
  }

  private *batches(): Generator<BatchEntry> {
    for (const entry of this.journal.entries()) {
      if (entry.kind !== 'commands' || entry.rows === 0) continue;
      const bytes = entry.bytes.slice();
      const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
      yield { ...entry, bytes, words, floats };
    }
  }
}

/** An amount of 1e-8 USDC as text to the cent, rounded to nearest. */
export function cents(amount: bigint | string): string {
  const value = BigInt(amount);
  const rounded = (value < 0n ? -value : value) + 500_000n;
  const text = `${rounded / 100_000_000n}.${String((rounded % 100_000_000n) / 1_000_000n).padStart(2, '0')}`;
  return value < 0n && text !== '0.00' ? `-${text}` : text;
}
