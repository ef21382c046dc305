/** `bench snapshot`: a large state written to a file, synced, read back and verified against its block. */
import { statSync } from 'node:fs';
import type { Block } from '../src/chain/block.ts';
import { BEFORE_GENESIS, BlockSealer } from '../src/chain/block-sealer.ts';
import { DirectRoots } from '../src/chain/roots.ts';
import type { State } from '../src/engine/state.ts';
import { VENUE } from '../src/engine/tables.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { readSnapshot, saveSnapshot } from '../src/journal/snapshot-folder.ts';
import { fingerprint, requireState } from './fingerprint.ts';
import { filesystemOf, withScratchFolder } from './scratch-folder.ts';
import { measureSeconds, type SecondsSeries, type Tell } from './series.ts';
import { makeWideVenue, type WideVenue } from './wide-venue.ts';

export interface SnapshotRequest extends WideVenue {
  readonly runs: number;
  readonly folder?: string;
}

export interface SnapshotBenchResult extends WideVenue {
  readonly positions: number;
  readonly bytes: number;
  /** Until the file and its name are durable. */
  readonly write: SecondsSeries;
  /** Until the state is verified against its block and ready for commands. The file is still in the system's cache. */
  readonly load: SecondsSeries;
  readonly residentBytes: number;
  readonly filesystem: string;
}

/** Measures writing and loading. Throws unless every state that is loaded is the one that was written. */
export async function measureSnapshot(request: SnapshotRequest, tell: Tell): Promise<SnapshotBenchResult> {
  const { runs, folder: parent, ...venue } = request;
  const state = makeWideVenue(venue);
  const block = sealState(state);
  const expected = fingerprint(state);
  tell(`${venue.accounts} accounts, ${state.position.live} positions`);
  return withScratchFolder(parent, (folder) => {
    const told = (what: string) => (text: string) => tell(`${what}, ${text}`);
    let path = '';
    const write = measureSeconds(runs, told('write'), () => {
      path = saveSnapshot(folder, state, block);
    });
    const load = measureSeconds(
      runs,
      told('load'),
      () => readSnapshot(folder, block),
      (result) => {
        if ('refusal' in result) throw new Error(`the snapshot was refused: ${result.refusal.message}`);
        requireState('the snapshot', result.state, expected);
      },
    );
    return {
      ...venue,
      positions: state.position.live,
      bytes: statSync(path).size,
      write,
      load,
      residentBytes: process.memoryUsage.rss(),
      filesystem: filesystemOf(folder),
    };
  });
}

/** A block without commands over the state as it is. */
function sealState(state: State): Block {
  const sequence = state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE] as number;
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), { ...BEFORE_GENESIS, sequence });
  sealer.close(state);
  return sealer.wait() as Block;
}
