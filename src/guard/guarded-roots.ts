/** Gives the guard each block's end: it takes its image before the root is requested, which clears the marks of touched pages. */
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

  /** Takes nothing ahead: what is taken ahead loses its mark before the guard has seen it. */
  prepare(): void {}

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
