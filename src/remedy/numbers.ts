/** Numbers that are appended one by one, in typed arrays that grow: what an index of millions of commands is kept in. */

export class Whole {
  values: Int32Array;
  length = 0;

  constructor(room = 1024) {
    this.values = new Int32Array(room);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  at(place: number): number {
    return this.values[place] as number;
  }
}

export class Floats {
  values: Float64Array;
  length = 0;

  constructor(room = 1024) {
    this.values = new Float64Array(room);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  at(place: number): number {
    return this.values[place] as number;
  }
}

/** Entries grouped by a key, each group in the order in which its entries came: posting lists. */
export class Postings {
  /** Group `key` is `entries[starts[key]] … entries[starts[key + 1] − 1]`: places in what was grouped. */
  readonly starts: Int32Array;
  readonly entries: Int32Array;

  /** Groups places 0 … length − 1 by `keys` (each 0 … groups − 1; a negative one is in no group). */
  constructor(keys: Int32Array, length: number, groups: number) {
    const starts = new Int32Array(groups + 1);
    for (let place = 0; place < length; place++) {
      const key = keys[place] as number;
      if (key >= 0) starts[key + 1] = (starts[key + 1] as number) + 1;
    }
    for (let key = 0; key < groups; key++) starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number);
    const next = starts.slice();
    const entries = new Int32Array(starts[groups] as number);
    for (let place = 0; place < length; place++) {
      const key = keys[place] as number;
      if (key < 0) continue;
      const at = next[key] as number;
      entries[at] = place;
      next[key] = at + 1;
    }
    this.starts = starts;
    this.entries = entries;
  }

  /** Places of a group, in their order; none of a key that is beyond the groups. */
  of(key: number): Int32Array {
    if (key + 1 >= this.starts.length) return this.entries.subarray(0, 0);
    return this.entries.subarray(this.starts[key], this.starts[key + 1]);
  }
}
