/**
 * The chain of a market's index records: a running digest over every tick that told its index, in their order. A warrant carries
 * it, so that whoever computes the warrant again from the history finds any record that was altered, left out or added before it.
 * It tells records apart; it is no cryptographic seal, which the journal's own chain is.
 */
const PRIME = 0x01000193;
const BASIS_LOW = 0x811c9dc5;
const BASIS_HIGH = 0xcbf29ce4;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

export class FundingChain {
  private readonly low: number[] = [];
  private readonly high: number[] = [];
  private readonly records: number[] = [];

  /** A tick, the command of `sequence`, told a market's index. */
  add(market: number, sequence: number, index: number): void {
    let low = this.low[market] ?? BASIS_LOW;
    let high = this.high[market] ?? BASIS_HIGH;
    for (const value of [sequence, index]) {
      float[0] = value;
      for (const word of words) {
        low = Math.imul(low ^ word, PRIME) >>> 0;
        high = Math.imul((high ^ word) + low, PRIME) >>> 0;
      }
    }
    this.low[market] = low;
    this.high[market] = high;
    this.records[market] = (this.records[market] ?? 0) + 1;
  }

  /** How many records a market has, and their digest as 16 hexadecimal digits: `1204-00c0ffee8badf00d`. */
  digest(market: number): string {
    const hex = (value: number): string => value.toString(16).padStart(8, '0');
    const digest = hex(this.high[market] ?? BASIS_HIGH) + hex(this.low[market] ?? BASIS_LOW);
    return `${this.records[market] ?? 0}-${digest}`;
  }
}
