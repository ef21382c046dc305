/** The positions of the other world's part, put into a copy of the actual one: an account's list stays in the order in which they were made. */
import type { State } from '../engine/state.ts';
import { ACCOUNT, ORDER, POSITION } from '../engine/tables.ts';
import type { Cone } from './cone.ts';
import type { TouchIndex } from './touch-index.ts';

const ROW_BYTES = 128;

/** Copies every position of the part; takes out those that the other world never made, and makes those that it has alone. */
export function placePositions(world: State, index: TouchIndex, { other, part, madeInOther }: Cone): void {
  const added: number[] = [];
  const isKept = new Uint8Array(world.position.rows);
  for (let row = 1; row < other.position.rows; row++) {
    const account = other.position.i32[row * 32 + POSITION.ACCOUNT] as number;
    if (account === 0) continue;
    const market = other.position.i32[row * 32 + POSITION.MARKET] as number;
    const to = world.index.positions.find(world.position, account, market);
    // One that was made at another time stands at another place of its account's list.
    if (to === 0 || index.madeBy(to) !== (madeInOther.get(row) ?? -1)) added.push(row);
    else {
      isKept[to] = 1;
      copyPosition(other, row, world, to);
    }
  }
  const removed = part.markets.flatMap((market) => [...index.positions.of(market)].filter((row) => isKept[row] === 0));
  const places = new PositionPlaces(world, index, madeInOther);
  for (const row of removed) places.unlink(row);
  const holes = removed.sort((a, b) => a - b);
  for (const row of added) places.put(other, row, holes.shift());
  while (holes.length > 0) places.close(holes);
  world.index.positions.clear();
  for (let row = 1; row < world.position.rows; row++) world.index.positions.add(world.position, row);
}

function copyPosition(from: State, row: number, to: State, target: number): void {
  const next = to.position.i32[target * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
  to.position.bytes.set(from.position.bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES), target * ROW_BYTES);
  to.position.i32[target * 32 + POSITION.NEXT_OF_ACCOUNT] = next;
  to.position.i32[target * 32 + POSITION.FIRST_ORDER] = 0;
  to.position.touch(target);
}

class PositionPlaces {
  private readonly world: State;
  /** By row: when the position was made, in commands of the window; below 0 before it. */
  private readonly made: Map<number, number> = new Map();
  private readonly index: TouchIndex;
  private readonly madeInOther: ReadonlyMap<number, number>;

  constructor(world: State, index: TouchIndex, madeInOther: ReadonlyMap<number, number>) {
    this.world = world;
    this.index = index;
    this.madeInOther = madeInOther;
  }

  /** Takes a position out of its account's list. */
  unlink(row: number): void {
    const { position } = this.world;
    this.relink(row, position.i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number);
    position.live--;
  }

  /** Puts a position of the other world into a hole, or behind the last row, and into its account's list. */
  put(other: State, row: number, hole: number | undefined): void {
    const { position, account } = this.world;
    if (hole !== undefined) position.live++;
    const to = hole ?? position.allocate();
    copyPosition(other, row, this.world, to);
    const made = this.madeInOther.get(row) as number;
    this.made.set(to, made);
    const owner = position.i32[to * 32 + POSITION.ACCOUNT] as number;
    let before = 0;
    let at = account.i32[owner * 16 + ACCOUNT.FIRST_POSITION] as number;
    // Newest first.
    while (at !== 0 && this.madeOf(at) > made) {
      before = at;
      at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
    }
    position.i32[to * 32 + POSITION.NEXT_OF_ACCOUNT] = at;
    if (before === 0) account.i32[owner * 16 + ACCOUNT.FIRST_POSITION] = to;
    else position.i32[before * 32 + POSITION.NEXT_OF_ACCOUNT] = to;
    account.touch(owner);
  }

  /** Closes one of the holes (in rising order) with the last row. */
  close(holes: number[]): void {
    const { position, order } = this.world;
    const last = position.rows - 1;
    position.rows--;
    if (holes.at(-1) === last) {
      holes.pop();
      position.bytes.fill(0, last * ROW_BYTES, (last + 1) * ROW_BYTES);
      return;
    }
    const hole = holes.shift() as number;
    this.relink(last, hole);
    position.bytes.copyWithin(hole * ROW_BYTES, last * ROW_BYTES, (last + 1) * ROW_BYTES);
    position.bytes.fill(0, last * ROW_BYTES, (last + 1) * ROW_BYTES);
    this.made.set(hole, this.madeOf(last));
    let row = position.i32[hole * 32 + POSITION.FIRST_ORDER] as number;
    for (; row !== 0; row = order.i32[row * 16 + ORDER.NEXT_OWN] as number) order.i32[row * 16 + ORDER.POSITION] = hole;
    position.touch(hole);
  }

  private madeOf(row: number): number {
    return this.made.get(row) ?? this.index.madeBy(row);
  }

  /** Makes whatever names a position in its account's list name another row. */
  private relink(row: number, to: number): void {
    const { position, account } = this.world;
    const first = (position.i32[row * 32 + POSITION.ACCOUNT] as number) * 16 + ACCOUNT.FIRST_POSITION;
    if (account.i32[first] === row) {
      account.i32[first] = to;
      return;
    }
    let at = account.i32[first] as number;
    while (at !== 0 && position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] !== row) {
      at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number;
    }
    if (at !== 0) position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] = to;
  }
}
