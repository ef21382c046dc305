/** Who computes state roots: asked at the end of a block, answering in the same order, now or later. */
import type { State } from '../engine/state.ts';
import type { Hash } from './digest.ts';
import { absorbTouched, type StateRoots, StateTree } from './state-tree.ts';
import { type PageCursor, takeTouched, touchAll } from './touched-pages.ts';

/**
 * Computes the roots of one state as it goes on. The first request takes every page, the others what was touched since the
 * one before; a page must not be cleared of its mark by anyone else meanwhile.
 */
export interface RootComputer {
  /**
   * Takes up to `pages` touched pages ahead of the next request, so that it has less to take at once. What is touched again
   * is taken again, so this is for the last moments before a request. Does nothing before the first request. Never waits.
   */
  prepare(state: State, pages: number): void;
  /** Takes what is needed for the roots of the state as it is now. Clears its marks. */
  request(state: State): void;
  /** The roots of the oldest unanswered request when they are ready. */
  poll(): StateRoots | undefined;
  /** The roots of the oldest unanswered request; waits for them. Throws when there is none. */
  wait(): StateRoots;
}

/** Computes roots at once, in this thread. */
export class DirectRoots implements RootComputer {
  private readonly tree: StateTree;
  private readonly ready: StateRoots[] = [];
  private readonly cursor: PageCursor = { table: 0, page: 0 };
  private isFirst = true;

  constructor(hash: Hash) {
    this.tree = new StateTree(hash);
  }

  prepare(state: State, pages: number): void {
    if (this.isFirst) return;
    this.tree.takeCounts(state);
    takeTouched(state, (table, page, bytes) => this.tree.setPages(table, page, bytes), pages, this.cursor);
  }

  request(state: State): void {
    if (this.isFirst) touchAll(state);
    this.isFirst = false;
    this.cursor.table = 0;
    this.cursor.page = 0;
    this.ready.push(absorbTouched(this.tree, state));
  }

  poll(): StateRoots | undefined {
    return this.ready.shift();
  }

  wait(): StateRoots {
    const roots = this.ready.shift();
    if (roots === undefined) throw new Error('no root was requested');
    return roots;
  }
}
