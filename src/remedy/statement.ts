/**
 * The statement of a receipt: the numbers of one account's own equation, so that whoever holds it can compute the refund again from
 * the file and the policy alone. Amounts are 1e-8 USDC in decimal digits, signed; sizes are lots, prices are price units.
 */
import { AWARD, type AwardStatement } from './award.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import { REASONS, type Reason } from './claim.ts';
import { type Form, hex32, integer, listOf, natural, objectOf, oneOf, orNull, text, whole } from './document-form.ts';

/** A part of how an account's equity moved in one world. */
export interface Flow {
  readonly what: string;
  readonly amount: string;
}

/** A part of what an account lacks: counterfactual minus actual. */
export interface CauseAmount {
  readonly cause: Cause;
  readonly amount: string;
}

/** A position that was closed by force and wrongly. */
export interface CloseStatement {
  readonly fork: number;
  readonly sequence: number;
  readonly market: number;
  /** Signed size that was taken: positive when a long was closed. */
  readonly size: string;
  readonly price: string;
  readonly penalty: string;
  /** True prices: at the event, at the fixed later time, at restoration, and the best for the account in the window. */
  readonly eventPrice: string;
  readonly laterPrice: string;
  readonly restorationPrice: string;
  readonly bestPrice: string;
}

/** One causal chain: what is netted together. */
export interface ChainStatement {
  /** Rows of its markets, rising; 0 stands for money that no market moved. */
  readonly markets: readonly number[];
  /** What the actual world did to the account in it; the chains together are the account's flows. */
  readonly flows: readonly Flow[];
  /** Parts of what the account lacks by it, and their sum. */
  readonly causes: readonly CauseAmount[];
  readonly difference: string;
  /** What of the difference the policy does not pay without a claim: the parts whose cause is not of tier T1. */
  readonly excluded: string;
  /** What the account lost by it since the last good block: −Σ flows; null where nothing was wrongly forced on it. */
  readonly loss: string | null;
  readonly closes: readonly CloseStatement[];
  /** What the policy gives for it, signed, before netting. */
  readonly amount: string;
}

/** A forced action on the account in the actual world. */
export interface ForcedStatement {
  readonly fork: number;
  readonly sequence: number;
  readonly kind: string;
  /** Place of its warrant among the statement's; −1: it had none. */
  readonly warrant: number;
}

/** Sizes of an account in a market in both worlds, where they are not the same, and what prices have made of them since the check time. */
interface LateMarket {
  readonly market: number;
  /** Price of the valuation at the check time, and at the account's own restoration. */
  readonly checkPrice: string;
  readonly price: string;
  /** Signed lots. */
  readonly actual: string;
  readonly other: string;
}

/** Of an account that provably was told later: when it knew and could act, milliseconds since 1970, and what it was valued at. */
export interface NoticeStatement {
  readonly restorationMs: number;
  readonly markets: readonly LateMarket[];
}

interface WorldStatement {
  readonly flows: readonly Flow[];
  /** Equity at the end: start + Σ flows. */
  readonly end: string;
}

export interface Statement {
  readonly account: number;
  /** Public identity, 32 bytes hexadecimal. */
  readonly key: string;
  /** SHA-256 of the policy document. */
  readonly policy: string;
  /** Equity at the last good block, at its own prices; what the common valuation makes of what was held then is a flow. */
  readonly start: string;
  readonly actual: WorldStatement;
  readonly other: WorldStatement;
  /** other.end − actual.end, and its parts. */
  readonly difference: string;
  readonly causes: readonly CauseAmount[];
  /** Both ends of the difference where reactive orders make it uncertain. */
  readonly interval: { readonly low: string; readonly high: string } | null;
  /** Its own restoration, whose prices both ends are at; null: that of everybody. */
  readonly notice: NoticeStatement | null;
  readonly chains: readonly ChainStatement[];
  /** What is subtracted: what another account of the same owner gained of it, and what is taken back of this one. */
  readonly netted: string;
  /** What the policy gives in all; interest on it; goodwill. */
  readonly principal: string;
  readonly interest: string;
  readonly goodwill: string;
  /** What the claims desk awarded, in all rounds. */
  readonly awards: readonly AwardStatement[];
  /** What earlier rounds have paid. */
  readonly paidBefore: string;
  /** What earlier rounds took back and this one does not: it is given back. */
  readonly returned: string;
  /** principal + interest + goodwill + Σ awards + returned − paidBefore, at least 0. */
  readonly refund: string;
  /** What is paid now, and what is still owed where the fund was too small. */
  readonly paid: string;
  readonly owed: string;
  /** What the system credited wrongly and is taken back. */
  readonly reversed: string;
  readonly reason: Reason;
  readonly forced: readonly ForcedStatement[];
  /** Warrants as the journal has them: one canonical line of JSON each, without its line feed. */
  readonly warrants: readonly string[];
}

const flow = objectOf({ what: text, amount: whole });
const cause = objectOf({ cause: oneOf(CAUSE_NAMES), amount: whole });
const world = objectOf({ flows: listOf(flow), end: whole });

const close = objectOf({
  fork: integer(0),
  sequence: integer(0),
  market: integer(0),
  size: whole,
  price: whole,
  penalty: whole,
  eventPrice: whole,
  laterPrice: whole,
  restorationPrice: whole,
  bestPrice: whole,
});

const chain = objectOf({
  markets: listOf(integer(0)),
  flows: listOf(flow),
  causes: listOf(cause),
  difference: whole,
  excluded: whole,
  loss: orNull(whole),
  closes: listOf(close),
  amount: whole,
});

const forced = objectOf({ fork: integer(0), sequence: integer(0), kind: text, warrant: integer(-1) });

/** The form of a statement. */
export const STATEMENT: Form = objectOf({
  account: integer(1),
  key: hex32,
  policy: hex32,
  start: whole,
  actual: world,
  other: world,
  difference: whole,
  causes: listOf(cause),
  interval: orNull(objectOf({ low: whole, high: whole })),
  notice: orNull(
    objectOf({
      restorationMs: integer(0),
      markets: listOf(objectOf({ market: integer(1), checkPrice: whole, price: whole, actual: whole, other: whole })),
    }),
  ),
  chains: listOf(chain),
  netted: natural,
  principal: natural,
  interest: natural,
  goodwill: natural,
  awards: listOf(AWARD),
  paidBefore: natural,
  returned: natural,
  refund: natural,
  paid: natural,
  owed: natural,
  reversed: natural,
  reason: oneOf(Object.keys(REASONS)),
  forced: listOf(forced),
  warrants: listOf(text),
});
