/** What an order is, packed in one integer: side, kind, instruction, self-trade prevention and two marks of the engine's own. */

export const SIDE = { BUY: 0, SELL: 1 } as const;

/** Order kinds of Paradex's API; bit 0 of a kind is set for market orders. */
export const ORDER_KIND = {
  LIMIT: 0,
  MARKET: 1,
  STOP_LIMIT: 2,
  STOP_MARKET: 3,
  TAKE_PROFIT_LIMIT: 4,
  TAKE_PROFIT_MARKET: 5,
  STOP_LOSS_LIMIT: 6,
  STOP_LOSS_MARKET: 7,
} as const;

export const INSTRUCTION = { GTC: 0, POST_ONLY: 1, IOC: 2 } as const;

/** Self-trade prevention: which of two orders of one account ends when they would trade. */
export const SELF_TRADE = { EXPIRE_TAKER: 0, EXPIRE_MAKER: 1, EXPIRE_BOTH: 2 } as const;

export const FLAG = {
  SELL: 1,
  KIND_SHIFT: 1,
  KIND_MASK: 7,
  INSTRUCTION_SHIFT: 4,
  INSTRUCTION_MASK: 3,
  REDUCE_ONLY: 1 << 6,
  SELF_TRADE_SHIFT: 7,
  SELF_TRADE_MASK: 3,
  /** Waits for its trigger: not in the book, counts in no margin. */
  UNTRIGGERED: 1 << 9,
  /** Fires when the mark price is at or above the trigger (else at or below). */
  TRIGGER_ABOVE: 1 << 10,
} as const;

/** Everything a client may set. */
export const CLIENT_FLAGS = (1 << 9) - 1;

/** Packs an order's properties; kinds as in `ORDER_KIND`, and so on. */
export function orderFlags(
  side: number,
  kind: number,
  instruction: number,
  reduceOnly: boolean,
  selfTrade: number = SELF_TRADE.EXPIRE_TAKER,
): number {
  return (
    side |
    (kind << FLAG.KIND_SHIFT) |
    (instruction << FLAG.INSTRUCTION_SHIFT) |
    (reduceOnly ? FLAG.REDUCE_ONLY : 0) |
    (selfTrade << FLAG.SELF_TRADE_SHIFT)
  );
}

export function kindOf(flags: number): number {
  return (flags >> FLAG.KIND_SHIFT) & FLAG.KIND_MASK;
}

export function instructionOf(flags: number): number {
  return (flags >> FLAG.INSTRUCTION_SHIFT) & FLAG.INSTRUCTION_MASK;
}

export function selfTradeOf(flags: number): number {
  return (flags >> FLAG.SELF_TRADE_SHIFT) & FLAG.SELF_TRADE_MASK;
}

/** True for kinds that wait for a trigger. */
export function isConditional(kind: number): boolean {
  return kind >= ORDER_KIND.STOP_LIMIT;
}

/** True for take-profit and stop-loss kinds: they only ever close, capped at the position when they fire. */
export function isTakeProfitOrStopLoss(kind: number): boolean {
  return kind >= ORDER_KIND.TAKE_PROFIT_LIMIT;
}

/** True for kinds that execute as a market order. */
export function isMarketKind(kind: number): boolean {
  return (kind & 1) === 1;
}
