/** What the threads send each other beside pieces: rarely, and before the piece that needs it. */
import type { ToldAmount } from '../guard/image-advance.ts';
import type { OrderViolation } from '../guard/order-violation.ts';

/** To the listening thread: an event buffer and its number, or all buffers of the images. */
export type ListeningMessage =
  | { readonly events: SharedArrayBuffer; readonly number: number }
  | { readonly images: readonly ArrayBufferLike[] };

/** From it: what cannot be, or why it failed. */
export interface ListeningAnswer {
  readonly violations: readonly OrderViolation[];
  readonly wrong: readonly ToldAmount[];
  readonly failure?: string;
}
