/**
 * The name of a venue's chain on a fork: the text that clients sign with every order (`starknet_chain_id`), so that what was signed
 * for a branch that a rollback ended cannot be sent again. Every client reads it from the venue's configuration.
 */

/** A short string of Starknet: 31 characters of ASCII are one field element. */
const LENGTH_LIMIT = 31;
const VENUE_PATTERN = /^[A-Z][A-Z0-9_]*$/;

/** The name of a venue that was given no other. */
export const VENUE_NAME = 'MAKEWHOLE';

/** A venue's name, or a fork, of which no chain id can be made. */
export class BadChainId extends Error {
  constructor(venue: string, fork: number, why: string) {
    super(`no chain id of the venue ${JSON.stringify(venue)} on fork ${fork}: ${why}`);
    this.name = 'BadChainId';
  }
}

/**
 * The chain id of a venue (capitals, digits, underscores) on a fork: its name on fork 0, and with the fork's number behind it on any
 * other: `MAKEWHOLE`, `MAKEWHOLE.F1`. Refuses (throws) other names, and what is longer than 31 characters.
 */
export function chainId(venue: string, fork: number): string {
  if (!VENUE_PATTERN.test(venue))
    throw new BadChainId(venue, fork, 'the name is not of capitals, digits and underscores');
  if (!(Number.isSafeInteger(fork) && fork >= 0)) throw new BadChainId(venue, fork, 'the fork is no whole number');
  // A full stop is in no name: no venue on no fork has another's id.
  const id = fork === 0 ? venue : `${venue}.F${fork}`;
  if (id.length > LENGTH_LIMIT) throw new BadChainId(venue, fork, `longer than ${LENGTH_LIMIT} characters`);
  return id;
}
