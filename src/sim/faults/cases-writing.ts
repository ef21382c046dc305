/** How the cases write: rows of a running or starting process by table and column, and samples on their way in. */
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import type { Column } from '../../engine/table.ts';
import { ORACLE, ORACLE_LIMIT, POSITION, QUOTE, SCHEMAS, type TableName, VENUE_LIMIT } from '../../engine/tables.ts';
import type { FaultScene } from './fault.ts';

const LIMB = 2 ** 50;
/** No price is above it (`samples.ts`). */
const PRICE_LIMIT = 2 ** 42;

function columnOf(table: TableName, name: string): Column {
  const column = SCHEMAS[table].columns.find((each) => each.name === name);
  if (column === undefined) throw new Error(`table ${table} has no column ${name}`);
  return column;
}

/** The number in a column of a row. */
export function get(state: State, table: TableName, row: number, name: string): number {
  return state[table].read(row, columnOf(table, name));
}

/** Writes a number where nothing but a command may. The page counts as written, so the next root has it. */
export function put(state: State, table: TableName, row: number, name: string, value: number, index = 0): void {
  const { kind, offset } = columnOf(table, name);
  const of = state[table];
  if (kind === 'f64') of.f64[row * of.rowFloats + offset + index] = value;
  else of.i32[row * of.rowWords + offset + index] = value;
  of.touch(row);
}

/** Writes what `change` makes of the number that is there. */
export function alter(
  state: State,
  table: TableName,
  row: number,
  name: string,
  change: (value: number) => number,
): void {
  put(state, table, row, name, change(get(state, table, row, name)));
}

/** A wide value by the name of its columns without `_HIGH`, as the nearest float. */
export function getWide(state: State, table: TableName, row: number, name: string): number {
  return get(state, table, row, `${name}_HIGH`) * LIMB + get(state, table, row, `${name}_LOW`);
}

/** Writes a whole number into a wide value. */
export function putWide(state: State, table: TableName, row: number, name: string, value: number): void {
  const whole = Math.floor(value);
  const high = Math.floor(whole / LIMB);
  put(state, table, row, `${name}_HIGH`, high);
  put(state, table, row, `${name}_LOW`, whole - high * LIMB);
}

/** What a process does when its tables have been loaded: everything derived is made anew from them. */
export function reload(state: State): void {
  state.index.restore(state);
}

/** Rows 1 … of a table. */
export function rowsOf(state: State, table: TableName): number[] {
  return Array.from({ length: state[table].rows - 1 }, (_, place) => place + 1);
}

/** Rows of the positions that hold something, in one market or (0) in all. */
export function held(state: State, market: number): number[] {
  const { f64, i32 } = state.position;
  return rowsOf(state, 'position').filter(
    (row) => f64[row * 16 + POSITION.SIZE] !== 0 && (market === 0 || i32[row * 32 + POSITION.MARKET] === market),
  );
}

/** A whole price that the engine takes for one. */
export function price(value: number): number {
  return Math.max(1, Math.min(PRICE_LIMIT, Math.floor(value + 0.5)));
}

/** Puts records before the tick of the inputs. */
function beforeTick(inputs: readonly CommandRecord[], added: readonly CommandRecord[]): CommandRecord[] {
  const at = inputs.findIndex(({ kind }) => kind === 'tick');
  return at < 0 ? [...inputs, ...added] : [...inputs.slice(0, at), ...added, ...inputs.slice(at)];
}

/** Which sources a fault is about, by number. */
type Sources = (source: number) => boolean;
const ALL: Sources = () => true;

/**
 * What oracles say of a market: `say` makes of each price another, or nothing. At the first tick every source speaks, later
 * those that have something to say.
 */
export function oracles(
  inputs: readonly CommandRecord[],
  scene: FaultScene,
  market: number,
  say: (price: number, source: number) => number | undefined,
  which: Sources = ALL,
): CommandRecord[] {
  const seen = new Set<number>();
  const changed = inputs.flatMap((record) => {
    if (record.kind !== 'oraclePrice' || record['market'] !== market) return [record];
    const source = record['source'] as number;
    seen.add(source);
    if (!which(source)) return [record];
    const said = say(record['price'] as number, source);
    return said === undefined ? [] : [{ ...record, price: said }];
  });
  if (scene.ticks !== 0) return changed;
  const { f64, i32 } = scene.state.oracle;
  const added: CommandRecord[] = [];
  for (let source = 0; source < ORACLE_LIMIT; source++) {
    const row = market * ORACLE_LIMIT + source;
    if (i32[row * 8 + ORACLE.KNOWN] === 0 || seen.has(source) || !which(source)) continue;
    const said = say(f64[row * 4 + ORACLE.PRICE] as number, source);
    if (said === undefined) continue;
    const { timeMs } = scene;
    added.push({ kind: 'oraclePrice', timeMs, market, source, price: said, sourceMs: timeMs });
  }
  return beforeTick(changed, added);
}

/** The prices of a venue's quote. */
export interface Prices {
  readonly mark: number;
  readonly index: number;
  readonly impactBid: number;
  readonly impactAsk: number;
}

/** The same for the quotes of external venues. */
export function quotes(
  inputs: readonly CommandRecord[],
  scene: FaultScene,
  market: number,
  say: (prices: Prices, venue: number) => Partial<Prices> | undefined,
  which: Sources = ALL,
): CommandRecord[] {
  const seen = new Set<number>();
  const changed = inputs.flatMap((record) => {
    if (record.kind !== 'venueQuote' || record['market'] !== market) return [record];
    const venue = (record['venueAndKnown'] as number) & 255;
    seen.add(venue);
    if (!which(venue)) return [record];
    const said = say(record as unknown as Prices, venue);
    return said === undefined ? [] : [{ ...record, ...said }];
  });
  if (scene.ticks !== 0) return changed;
  const { f64, i32 } = scene.state.quote;
  const added: CommandRecord[] = [];
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const known = (i32[row * 16 + QUOTE.KNOWN] as number) & 15;
    if (known === 0 || seen.has(venue) || !which(venue)) continue;
    const at = (column: number): number => f64[row * 8 + column] as number;
    const before = {
      mark: at(QUOTE.MARK),
      index: at(QUOTE.INDEX),
      impactBid: at(QUOTE.IMPACT_BID),
      impactAsk: at(QUOTE.IMPACT_ASK),
    };
    const said = say(before, venue);
    if (said === undefined) continue;
    const { timeMs } = scene;
    const venueAndKnown = venue + 256 * known;
    added.push({ kind: 'venueQuote', timeMs, market, venueAndKnown, sourceMs: timeMs, ...before, ...said });
  }
  return beforeTick(changed, added);
}

/** All prices of a quote times a factor. */
export function scaled({ mark, index, impactBid, impactAsk }: Prices, factor: number): Prices {
  return {
    mark: price(mark * factor),
    index: price(index * factor),
    impactBid: price(impactBid * factor),
    impactAsk: price(impactAsk * factor),
  };
}

/** Another price of USDC: one that came is changed; at the first tick one comes. */
export function usdc(inputs: readonly CommandRecord[], { ticks, timeMs }: FaultScene, price: number): CommandRecord[] {
  const changed = inputs.map((record) => (record.kind === 'collateralPrice' ? { ...record, price } : record));
  if (ticks !== 0 || inputs.some(({ kind }) => kind === 'collateralPrice')) return changed;
  return beforeTick(changed, [{ kind: 'collateralPrice', timeMs, price, sourceMs: timeMs }]);
}

/** What a fault remembers of a world from tick to tick. */
export class Remembered<Value> {
  private readonly values = new WeakMap<State, Value>();

  /** What was remembered, made at the first tick. */
  of({ state, ticks }: FaultScene, make: () => Value): Value {
    const known = this.values.get(state);
    if (known !== undefined && ticks !== 0) return known;
    const made = make();
    this.values.set(state, made);
    return made;
  }
}

/** Markets of the venue. */
export function markets(state: State): number[] {
  return rowsOf(state, 'market');
}
