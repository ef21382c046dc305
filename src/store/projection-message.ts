/** What goes between the thread that replays a journal and the one that owns the database. */
import type { OpenBar } from './bars.ts';
import type { ProjectedBlock } from './projected-block.ts';

export interface ProjectionThreadData {
  readonly folder: string;
  readonly control: SharedArrayBuffer;
  readonly isLive: boolean;
  readonly stateBlocks: number;
  /** False: the whole history, as if nothing was projected. */
  readonly isContinued: boolean;
}

export type ProjectionQuestion =
  /** The last blocks that are projected, below a height where one is given, in falling order. */
  | { readonly kind: 'blocks'; readonly below: number | undefined }
  /** What is behind this height is not of the journal: remove it. Answered by the height of the block whose state is kept. */
  | { readonly kind: 'cut'; readonly height: number }
  /** The bars that are open at the end of a block. */
  | { readonly kind: 'bars'; readonly height: number; readonly lastMs: number };

export type ProjectionAnswer =
  | { readonly kind: 'blocks'; readonly blocks: readonly (readonly [height: number, hash: Uint8Array])[] }
  | { readonly kind: 'cut'; readonly kept: number | undefined }
  | { readonly kind: 'bars'; readonly bars: readonly OpenBar[] };

export type ProjectionMessage =
  | { readonly kind: 'block'; readonly block: ProjectedBlock; readonly bytes: number }
  | { readonly kind: 'ask'; readonly question: ProjectionQuestion }
  /** All is projected that there is; `commands` of the journal, all branches together. */
  | { readonly kind: 'reading'; readonly height: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly code: string | undefined };

/** Words of the shared memory: bytes on their way, a flag that ends the thread, a count that wakes it at the journal's end. */
export const CONTROL = { BYTES: 0, STOP: 1, WAKE: 2 } as const;
export const CONTROL_BYTES = 12;
