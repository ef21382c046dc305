/** Gives the guard each block's end, live and in a replay alike: where its root is requested. */
import type { RootComputer } from '../chain/roots.ts';
import type { StateRoots } from '../chain/state-tree.ts';
import type { State } from '../engine/state.ts';
import type { Guard } from './guard.ts';

export class GuardedRoots implements RootComputer {
  private readonly roots: RootComputer;
  private readonly guard: Guard;

  constructor(roots: RootComputer, guard: Guard) {
    this.roots = roots;
    this.guard = guard;
  }

  prepare(state: State, pages: number): void {
    this.roots.prepare(state, pages);
  }

  request(state: State): void {
    this.guard.seal(state);
    this.roots.request(state);
  }

  poll(): StateRoots | undefined {
    return this.roots.poll();
  }

  wait(): StateRoots {
    return this.roots.wait();
  }
}
