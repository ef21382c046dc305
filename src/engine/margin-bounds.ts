/**
 * A bound on each account's margin, so that most orders need one comparison instead of a walk over all positions.
 *
 * Per account: `slack`, a lower bound of equity − initial margin at the time `moved` stood at `at`; and `gross`, an upper
 * bound of how much a relative price move changes that difference. Each tick adds the largest relative move of any market
 * to `moved`, so the bound now is `slack − gross × (moved − at) × 1.1`: the factor covers the growth of `gross` itself while
 * the sum of moves stays below 9 % (x·eˣ ≤ 1.1·x there); beyond, the bound is void and the exact sum decides.
 * The bound decides only what the exact sum would decide alike, so it is derived: rebuilt empty, it changes no event.
 */

/** Sum of moves beyond which a bound is void. */
const MOVE_LIMIT = 0.09;
/** Where the sum begins anew, all bounds void: a float of this size still tells moves of 1e-14 apart. */
const SUM_LIMIT = 64;
const GROWTH = 1.1;
/** Ten roundings of a float, relative: more than one change has. */
const ROUNDING = 1e-15;
/** Relative error allowed for each float operation chain; money is below 2^53, so this is generous. */
const EPSILON = 1e-12;

export class MarginBounds {
  private values = new Float64Array(0);
  /** Sum over ticks of the largest relative move of a tick, since it was last begun anew. */
  private moved = 0;

  /** Voids all bounds; makes room for `accounts` rows. */
  reset(accounts: number): void {
    this.values = new Float64Array(Math.max(64, accounts) * 4);
    for (let at = 0; at < this.values.length; at += 4) this.values[at] = Number.NEGATIVE_INFINITY;
  }

  /** A tick moved prices by up to `move`, relatively. */
  move(move: number): void {
    // Beyond the limit all bounds are void, however far: a price that jumped a million times must not fill the sum.
    this.moved += move < MOVE_LIMIT ? move : 2 * MOVE_LIMIT;
    if (this.moved > SUM_LIMIT) {
      this.moved = 0;
      this.reset(this.values.length / 4);
    }
  }

  /** Makes room for account `row`, void at first. */
  add(row: number): void {
    if ((row + 1) * 4 <= this.values.length) return;
    const before = this.values;
    this.values = new Float64Array(before.length * 2);
    this.values.set(before);
    for (let at = before.length; at < this.values.length; at += 4) this.values[at] = Number.NEGATIVE_INFINITY;
  }

  /** A number of the account's entry, to bring it close before it is needed. */
  peek(account: number): number {
    return this.values[account * 4 + 1] as number;
  }

  /** A lower bound of equity − initial margin now; −Infinity when the bound is void. */
  slack(account: number): number {
    const at = account * 4;
    const move = this.moved - (this.values[at + 2] as number);
    if (move > MOVE_LIMIT) return Number.NEGATIVE_INFINITY;
    return (this.values[at] as number) - (this.values[at + 1] as number) * move * GROWTH;
  }

  /** Sets the bound from an exact computation: `slack` may be off by rounding to a float, `size` is its scale. */
  set(account: number, slack: number, gross: number, size: number): void {
    const at = account * 4;
    this.values[at] = slack - size * EPSILON - 2;
    this.values[at + 1] = gross * (1 + EPSILON);
    this.values[at + 2] = this.moved;
  }

  /** Voids the bound of one account. */
  void(account: number): void {
    this.values[account * 4] = Number.NEGATIVE_INFINITY;
  }

  /** The account's balance changed by `amount`. */
  shift(account: number, amount: number): void {
    const at = account * 4;
    const before = this.values[at] as number;
    this.values[at] = before + amount - 2 - (Math.abs(before) + Math.abs(amount)) * ROUNDING;
  }

  /**
   * Something of the account changed: `slackChange` and `grossChange` are differences of its contributions at the prices of
   * now. What is taken off covers the rounding of these sums: relative to the numbers in them, and two units for small ones.
   */
  change(account: number, slackChange: number, grossChange: number): void {
    const at = account * 4;
    const { values } = this;
    const before = values[at] as number;
    const cushion = 2 + (Math.abs(before) + Math.abs(slackChange) + Math.abs(grossChange)) * ROUNDING;
    const move = this.moved - (values[at + 2] as number);
    const gross = values[at + 1] as number;
    if (move === 0) {
      values[at] = before + slackChange - cushion;
      values[at + 1] = gross + grossChange;
      return;
    }
    if (move > MOVE_LIMIT) {
      values[at] = Number.NEGATIVE_INFINITY;
      return;
    }
    const erosion = gross * move * GROWTH;
    values[at] = before - erosion + slackChange - cushion - erosion * ROUNDING;
    values[at + 1] = (gross + erosion + grossChange) * (1 + EPSILON);
    values[at + 2] = this.moved;
  }
}
