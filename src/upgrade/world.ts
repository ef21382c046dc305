/**
 * Where databases live and how one becomes another: copies of the live one, and the exchange of the live one for its candidate. The live
 * database is never changed here; it is copied, set aside whole, or put back.
 */
import type { Database } from '../store/database.ts';

/** What a copy is for. `control` stands still; `old` is the live one that a candidate took the place of; `failed` one that went back. */
export type CopyRole = 'control' | 'candidate' | 'old' | 'failed';

export interface World {
  readonly engine: 'pglite' | 'postgres';
  /** What the live database is called, without a password. */
  readonly name: string;
  openLive(): Promise<Database>;
  open(role: CopyRole): Promise<Database>;
  has(role: CopyRole): Promise<boolean>;
  /** Copies the live database, or a copy, which nobody may use meanwhile. Nothing of a copy that was broken off remains. */
  copy(from: 'live' | CopyRole, to: CopyRole): Promise<void>;
  /** Removes a copy, if there is one. */
  drop(role: CopyRole): Promise<void>;
  /** Sets the live database aside as `aside` and puts a copy in its place: both or nothing, however it is interrupted. Done twice, it is done once. */
  swap(from: CopyRole, aside: CopyRole): Promise<void>;
}
