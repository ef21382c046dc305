/** Order ids: generation × 2^24 + row. A row that an order leaves is used again for the next one, the last left first. */
import type { World } from './world.ts';

const ROWS = 2 ** 24;

/** The id of a new order. */
export function takeOrderNumber(world: World): { row: number; id: number } {
  const row = world.freeOrderRows.pop() ?? world.nextOrderRow++;
  return { row, id: (world.orderRowUses.get(row) ?? 0) * ROWS + row };
}

/** The order of a row ended. */
export function leaveOrderNumber(world: World, row: number): void {
  world.orderRowUses.set(row, (world.orderRowUses.get(row) ?? 0) + 1);
  world.freeOrderRows.push(row);
}
