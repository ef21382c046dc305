/**
 * What a release says of a journal, block by block, so that another release can compare it with itself: one JSON object a line, each ask
 * answered in turn. Tables and columns go by their names, events by theirs: two releases need not lay them out alike.
 */

/** Raised when an old answer would be misread. */
export const SHADOW_PROTOCOL = 1;

/** Rows of one digest. */
export const PAGE_ROWS = 1024;

/** What margin each account has: made of the state and the engine, kept in no table. */
export const MARGIN_TABLE = 'margin';
export const MARGIN_COLUMNS = ['equity', 'initial', 'maintenance', 'liquidatable'] as const;

/** The first line, unasked. */
export interface ShadowHello {
  readonly protocol: number;
  /** Version of the program, and names of the migrations that its store needs. */
  readonly version: string;
  readonly migrations: readonly string[];
  readonly tables: Readonly<Record<string, readonly string[]>>;
}

export type ShadowAsk =
  /** Goes on to the end of the next block. */
  | { readonly ask: 'next' }
  /** Digests of pages of a table as it is: of the values of these columns, row by row. */
  | { readonly ask: 'digests'; readonly table: string; readonly columns: readonly string[] }
  | {
      readonly ask: 'rows';
      readonly table: string;
      readonly columns: readonly string[];
      readonly from: number;
      readonly to: number;
    }
  /** The events of the last block, or of what was applied last. */
  | { readonly ask: 'events' }
  /** Applies the rows of commands (base 64) to a copy of the state, and to the same copy when asked again before the next block. */
  | { readonly ask: 'apply'; readonly rows: string }
  /** Sets a value of a copy of the state to another one, until the next block: whoever compares must find it. */
  | { readonly ask: 'falsify'; readonly table: string; readonly row: number; readonly column: string };

/** The last block that was found in the journal, whose own root may stand behind the end of the one that was made. */
export interface RecordedRoot {
  readonly height: number;
  readonly stateRoot: string;
}

export interface ShadowBlock {
  readonly recorded: RecordedRoot | null;
  readonly height: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly stateRoot: string;
  /** Digest of the events as this release lays them out, and how many there were. */
  readonly events: string;
  readonly count: number;
}

export interface ShadowAnswers {
  readonly next:
    | { readonly block: ShadowBlock }
    /** The journal has no further whole block now. */
    | { readonly end: true; readonly recorded: RecordedRoot | null };
  readonly digests: { readonly rows: number; readonly counts: string; readonly digests: readonly string[] };
  readonly rows: { readonly rows: readonly (readonly (number | string)[])[] };
  readonly events: { readonly events: readonly Readonly<Record<string, number | string>>[] };
  readonly apply: { readonly stateRoot: string; readonly events: string; readonly count: number };
  readonly falsify: { readonly was: number };
}

/** In place of an answer: the engine broke on what the journal holds, or the history was rolled back under it. */
export interface ShadowFailure {
  readonly failed: string;
  readonly height: number;
}
