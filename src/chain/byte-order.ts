/** Commands, journal and state are the memory of a little-endian machine: the same bytes everywhere, nothing encoded. */

/** This machine stores the highest byte of a number first: it would read and write another journal. */
export class BigEndianMachine extends Error {
  constructor() {
    super('this machine is big-endian: the bytes of commands, journals and snapshots are little-endian');
    this.name = 'BigEndianMachine';
  }
}

/** Refuses (throws `BigEndianMachine`) to go on where the first byte of the 32-bit integer 1 is not 1. */
export function requireLittleEndian(one: Uint8Array = new Uint8Array(Uint32Array.of(1).buffer)): void {
  if (one[0] !== 1) throw new BigEndianMachine();
}
