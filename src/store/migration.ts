/** A migration of the store's schema: SQL statements forwards and back, named so that their names are in their order. */
import { toHex } from '../chain/digest.ts';
import { sha256 } from '../journal/node-digest.ts';

export interface Migration {
  /** `0001-history`: four digits decide the order. */
  readonly name: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** SHA-256 of all that a migration does, 64 hexadecimal digits: what was applied under a name is known by it for ever. */
export function migrationHash({ name, up, down }: Migration): string {
  return toHex(sha256(new TextEncoder().encode(JSON.stringify([name, up, down]))));
}
