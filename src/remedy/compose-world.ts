/**
 * The whole other world, from the actual one at the window's end and the cone: the part is taken from the other world's part, money
 * moves by what the parts differ, all else is as it was. The result is what a full replay gives, but for names (`same-world.ts`).
 */
import { copyState } from '../chain/copy-state.ts';
import { Wide } from '../engine/amount.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, CLIENT_ID, ORACLE_LIMIT, ORDER, POSITION, VENUE, VENUE_LIMIT, WITHDRAWAL } from '../engine/tables.ts';
import type { Cone } from './cone.ts';
import { placePositions } from './compose-positions.ts';
import type { TouchIndex } from './touch-index.ts';

/** Columns of an order that name other orders. */
const LINKS = [ORDER.PREVIOUS, ORDER.NEXT, ORDER.PREVIOUS_OWN, ORDER.NEXT_OWN] as const;

/** The state of the other world at the window's end: a state of its own. */
export function composeWorld(index: TouchIndex, cone: Cone): State {
  const world = copyState(index.end);
  if (!cone.isSameAgain) {
    const { f64, rowFloats } = world.venue;
    const trades = rowFloats + VENUE.TRADES;
    const [here, there] = [cone.actual.venue.f64[trades] as number, cone.other.venue.f64[trades] as number];
    f64[trades] = (f64[trades] as number) + there - here;
    takeOutOrders(world, cone);
    placePositions(world, index, cone);
    takeMarkets(world, cone);
    putOrders(world, cone);
    moveMoney(world, cone);
    withhold(world, cone);
  }
  world.index.restore(world);
  return world;
}

function takeOutOrders({ order, clientId, market }: State, { part }: Cone): void {
  const isIn = new Uint8Array(market.rows);
  for (const row of part.markets) isIn[row] = 1;
  for (let row = 1; row < order.rows; row++) {
    const at = row * 16;
    if (order.i32[at + ORDER.SIZE] === 0 || isIn[order.i32[at + ORDER.MARKET] as number] === 0) continue;
    const id = order.i32[at + ORDER.CLIENT_ID] as number;
    if (id !== 0) {
      clientId.i32[id * clientId.rowWords + CLIENT_ID.LENGTH] = 0;
      clientId.release(id);
    }
    order.i32[at + ORDER.SIZE] = 0;
    order.release(row);
  }
}

function takeMarkets(world: State, { part, other }: Cone): void {
  for (const market of part.markets) {
    copyRows(other, world, 'market', market, 1);
    copyRows(other, world, 'oracle', market * ORACLE_LIMIT, ORACLE_LIMIT);
    copyRows(other, world, 'quote', market * VENUE_LIMIT, VENUE_LIMIT);
  }
}

function copyRows(from: State, to: State, name: 'market' | 'oracle' | 'quote', row: number, count: number): void {
  const { rowBytes } = from[name].schema;
  to[name].bytes.set(from[name].bytes.subarray(row * rowBytes, (row + count) * rowBytes), row * rowBytes);
  to[name].touch(row);
}

function putOrders(world: State, { other }: Cone): void {
  const names = new Int32Array(other.order.rows);
  const live: number[] = [];
  for (let row = 1; row < other.order.rows; row++) {
    if (other.order.i32[row * 16 + ORDER.SIZE] === 0) continue;
    names[row] = world.order.allocate();
    live.push(row);
  }
  const { i32 } = world.order;
  for (const row of live) {
    const from = other.order.i32.subarray(row * 16, row * 16 + 16);
    const to = names[row] as number;
    const generation = i32[to * 16 + ORDER.GENERATION] as number;
    i32.set(from, to * 16);
    i32[to * 16 + ORDER.GENERATION] = generation;
    for (const link of LINKS) i32[to * 16 + link] = names[from[link] as number] as number;
    i32[to * 16 + ORDER.CLIENT_ID] = putClientId(world, other, from[ORDER.CLIENT_ID] as number, to);
    const position = world.index.positions.find(
      world.position,
      from[ORDER.ACCOUNT] as number,
      from[ORDER.MARKET] as number,
    );
    i32[to * 16 + ORDER.POSITION] = position;
    if (from[ORDER.PREVIOUS_OWN] === 0) world.position.i32[position * 32 + POSITION.FIRST_ORDER] = to;
    world.order.touch(to);
  }
}

function putClientId({ clientId }: State, other: State, id: number, order: number): number {
  if (id === 0) return 0;
  const row = clientId.allocate();
  const words = clientId.rowWords;
  clientId.i32.set(other.clientId.i32.subarray(id * words, (id + 1) * words), row * words);
  clientId.i32[row * words + CLIENT_ID.ORDER] = order;
  clientId.touch(row);
  return row;
}

/** Takes out the withdrawals that the other world refused; those that were asked for later have lower numbers there. */
function withhold({ withdrawal, venue }: State, { withheld, actual, other }: Cone): void {
  const withdrawn = venue.rowFloats + VENUE.WITHDRAWN_HIGH;
  move(venue.f64, withdrawn, actual.venue.f64, other.venue.f64);
  if (withheld.length === 0) return;
  const count = venue.rowFloats + VENUE.WITHDRAWALS;
  venue.f64[count] = (venue.f64[count] as number) - withheld.length;
  const { i32, f64 } = withdrawal;
  for (let row = 1; row < withdrawal.rows; row++) {
    if (i32[row * 16 + WITHDRAWAL.STATUS] === 0) continue;
    const id = f64[row * 8 + WITHDRAWAL.ID] as number;
    if (withheld.includes(id)) {
      i32[row * 16 + WITHDRAWAL.STATUS] = 0;
      withdrawal.release(row);
    } else {
      f64[row * 8 + WITHDRAWAL.ID] = id - withheld.filter((each) => each < id).length;
      withdrawal.touch(row);
    }
  }
}

const moved = new Wide();
const part = new Wide();

/** Adds to a wide number what the other part has more of it than the actual one. */
function move(values: Float64Array, at: number, here: Float64Array, there: Float64Array): void {
  if (here[at] === there[at] && here[at + 1] === there[at + 1]) return;
  moved.load(values, at).addWide(part.load(there, at)).subtractWide(part.load(here, at)).store(values, at);
}

/** Adds to each account what it has more in the other world's part than in the actual one's. */
function moveMoney({ account }: State, { actual, other }: Cone): void {
  const [here, there] = [actual.account.f64, other.account.f64];
  for (let row = 1; row < account.rows; row++) {
    const owed = row * 8 + ACCOUNT.RECEIVABLE;
    const more = (there[owed] as number) - (here[owed] as number);
    account.f64[owed] = (account.f64[owed] as number) + more;
    move(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH, here, there);
    move(account.f64, row * 8 + ACCOUNT.PENDING_HIGH, here, there);
    account.touch(row);
  }
}
