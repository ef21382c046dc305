/** State roots computed by another thread: the thread of the state copies touched pages, and asks for the root later. */
import { Worker } from 'node:worker_threads';
import type { RootComputer } from '../chain/roots.ts';
import { PageCollector } from '../chain/staged-pages.ts';
import type { StateRoots } from '../chain/state-tree.ts';
import { touchAll } from '../chain/touched-pages.ts';
import type { State } from '../engine/state.ts';
import { RootExchange } from './root-exchange.ts';

export class ThreadedRoots implements RootComputer {
  private readonly exchange = new RootExchange();
  private readonly collector = new PageCollector(this.exchange);
  private readonly thread: Worker;
  /** Roots that came back and were not asked for yet. */
  private readonly ready: StateRoots[] = [];
  private requested = 0;
  private arrived = 0;

  constructor() {
    const file = new URL('./root-thread.ts', import.meta.url);
    this.thread = new Worker(file, { workerData: this.exchange.memory });
    this.thread.unref();
  }

  prepare(state: State, pages: number): void {
    if (this.requested > 0) this.collector.prepare(state, pages);
  }

  /** Copies what was touched, waiting only while all parcels are on their way. */
  request(state: State): void {
    this.takeReady();
    if (this.requested === 0) touchAll(state);
    this.requested++;
    this.collector.finish(state);
  }

  poll(): StateRoots | undefined {
    this.takeReady();
    return this.ready.shift();
  }

  wait(): StateRoots {
    const next = this.poll();
    if (next !== undefined) return next;
    if (this.arrived === this.requested) throw new Error('no root was requested');
    return this.exchange.wait(this.arrived++);
  }

  /** Ends the thread; roots that were not taken are lost. */
  async close(): Promise<void> {
    await this.thread.terminate();
  }

  private takeReady(): void {
    if (this.arrived === this.requested) return;
    for (let roots = this.exchange.poll(this.arrived); roots !== undefined; roots = this.exchange.poll(this.arrived)) {
      this.ready.push(roots);
      this.arrived++;
    }
  }
}
