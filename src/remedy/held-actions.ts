/** Forced actions that a tick proposed and that did not happen: the guard held them. They are held in the other world as well. */
import { COMMAND, COMMAND_BYTES, FIRE_TRIGGER, LIQUIDATE, SETTLE_POSITION } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** What was held behind one tick: commands that never came. */
export interface HeldAction {
  readonly kind: number;
  /** Account of a liquidation or settlement, and market of the latter; order of the others. */
  readonly account: number;
  readonly market: number;
  readonly order: number;
}

/** What the forced command at a row is about. */
export function heldActionAt(words: Int32Array, floats: Float64Array, row: number): HeldAction {
  const at = row * WORDS;
  const kind = words[at] as number;
  if (kind === COMMAND.liquidate)
    return { kind, account: words[at + LIQUIDATE.ACCOUNT] as number, market: 0, order: 0 };
  if (kind === COMMAND.settlePosition) {
    const market = words[at + SETTLE_POSITION.MARKET] as number;
    return { kind, account: words[at + SETTLE_POSITION.ACCOUNT] as number, market, order: 0 };
  }
  return { kind, account: 0, market: 0, order: floats[row * FLOATS + FIRE_TRIGGER.ORDER] as number };
}

/** True when the forced command at a row of the buffer is one that was held; orders have these names there. */
export function isHeld(
  held: readonly HeldAction[],
  { i32, f64 }: CommandBuffer,
  row: number,
  names: ReadonlyMap<number, number>,
): boolean {
  if (held.length === 0) return false;
  const { kind, account, market, order } = heldActionAt(i32, f64, row);
  return held.some(
    (each) =>
      each.kind === kind &&
      each.account === account &&
      each.market === market &&
      (names.get(each.order) ?? each.order) === order,
  );
}
