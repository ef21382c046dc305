/** Makes a file durable in another thread, while this one goes on. */
import { Worker } from 'node:worker_threads';
import { SyncExchange } from './sync-exchange.ts';

export class BackgroundSync {
  private readonly exchange = new SyncExchange();
  private thread: Worker | undefined;

  /** Begins to make a file durable. `wait` comes before the next. */
  begin(descriptor: number): void {
    if (this.thread === undefined) {
      const file = new URL('./sync-thread.ts', import.meta.url);
      this.thread = new Worker(file, { workerData: this.exchange.memory });
      this.thread.unref();
    }
    this.exchange.request(descriptor);
  }

  /** Returns when the file is durable; throws why it is not. */
  wait(): void {
    this.exchange.wait();
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
  }
}
