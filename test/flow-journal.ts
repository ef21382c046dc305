// A journal in files of a random flow that is stopped, rolled back and goes on.
import assert from 'node:assert/strict';
import { DirectRoots } from '../src/chain/roots.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { State } from '../src/engine/state.ts';
import { Exchange } from '../src/exchange/exchange.ts';
import { ACCOUNT } from '../src/engine/tables.ts';
import { recover } from '../src/exchange/recover.ts';
import { rollBack } from '../src/incident/roll-back.ts';
import { fileDisk } from '../src/journal/disk.ts';
import { type FileJournal, openFileJournal } from '../src/journal/file-journal.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { RandomFlow } from '../src/sim/random-flow.ts';

/** These tests are of no power cut: nothing waits for the disk. */
const DISK = { ...fileDisk, sync: () => undefined };

export class FlowJournal {
  readonly folder: string;
  private readonly flow: RandomFlow;
  private readonly buffer = new CommandBuffer();
  private journal!: FileJournal;
  private exchange!: Exchange;

  constructor(folder: string, seed: number) {
    this.folder = folder;
    this.flow = new RandomFlow(seed, 0);
    this.start();
  }

  get state(): State {
    return this.exchange.state;
  }

  get height(): number {
    return this.journal.height;
  }

  /** Takes so many steps of the flow, each a batch. */
  run(steps: number): void {
    const { buffer, flow } = this;
    for (let step = 0; step < steps; step++) {
      buffer.clear();
      flow.next(buffer);
      if (buffer.rows > 0) this.exchange.submit(buffer);
    }
  }

  /** Seals what is open. */
  finish(): void {
    this.exchange.finish();
  }

  /** Writes into the memory of the process what no command made. */
  disturb(): void {
    const { account } = this.state;
    account.f64[3 * account.rowFloats + ACCOUNT.BALANCE_LOW]! += 1;
    account.touch(3);
  }

  /** Stops, rolls back to a block, and starts again. Behind a disturbance, as if nothing had left meanwhile. */
  rollBack(restores: number, isDisturbed = false): void {
    this.exchange.finish();
    const result = rollBack(this.journal, {
      hash: sha256,
      restores,
      reason: 'a test',
      ...(isDisturbed ? { settled: [] } : {}),
    });
    assert.ok(result.accepted, result.accepted ? '' : `${result.refusal}: ${result.about}`);
    this.journal.close();
    this.start();
  }

  close(): void {
    this.exchange.finish();
    this.journal.close();
  }

  private start(): void {
    ({ journal: this.journal } = openFileJournal(this.folder, { segmentBytes: 1 << 17, disk: DISK }));
    const { journal } = this;
    const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    this.exchange = new Exchange({
      state,
      journal,
      sealer,
      blockCommands: 40,
      blockMs: 1e12,
      onPublish: ({ events }) => this.flow.observe(events.all()),
    });
  }
}
