/** `bench root`: what a state root costs, from all pages, by touched pages, and by command in blocks of several sizes. */
import { DirectRoots } from '../src/chain/roots.ts';
import { computeRoots } from '../src/chain/state-tree.ts';
import { TABLE_NAMES } from '../src/chain/touched-pages.ts';
import type { State } from '../src/engine/state.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { recordInThread } from './recording.ts';
import { applyInBlocks, type BlockPoint, measureBlocks, requireRoot } from './root-blocks.ts';
import { measureSeconds, median, rounded, type Tell } from './series.ts';
import { WorkloadChance } from './workload-chance.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

export interface RootRequest {
  readonly source: WorkloadSource;
  readonly runs: number;
  /** Pages touched at random before a root. */
  readonly touchedPages: readonly number[];
  /** Commands between two roots. */
  readonly blockCommands: readonly number[];
}

/** The root of a state of which so many pages, picked at random, were touched. */
interface TouchedPoint {
  readonly pages: number;
  readonly nsPerPage: number;
  readonly microseconds: number;
}

export interface RootBenchResult {
  /** Pages of all tables. */
  readonly pages: number;
  /** From all pages. */
  readonly full: { readonly seconds: number; readonly nsPerPage: number };
  readonly touched: readonly TouchedPoint[];
  readonly blocks: readonly BlockPoint[];
  readonly workload: WorkloadSummary;
}

/** Measures roots. Throws (`RootsDiffer`) unless incremental roots are those computed from all pages. */
export async function measureRoot(request: RootRequest, tell: Tell): Promise<RootBenchResult> {
  const { source, runs, blockCommands } = request;
  const recording = await recordInThread({ source, withForced: true });
  const blocks: BlockPoint[] = [];
  for (const commands of blockCommands) blocks.push(await measureBlocks(recording, commands, tell));
  const state = applyInBlocks(recording, 4096, () => undefined);
  const pages = TABLE_NAMES.reduce((sum, name) => sum + state[name].pages, 0);
  const told: Tell = (text) => tell(`all ${pages} pages, ${text}`);
  const { seconds } = measureSeconds(runs, told, () => computeRoots(state, sha256));
  const full = { seconds, nsPerPage: Math.round((seconds * 1e9) / pages) };
  return { pages, full, touched: measureTouched(state, request, tell), blocks, workload: recording.workload };
}

function measureTouched(state: State, { touchedPages, runs }: RootRequest, tell: Tell): TouchedPoint[] {
  const roots = new DirectRoots(sha256);
  roots.request(state);
  roots.wait();
  const chance = new WorkloadChance(1);
  return touchedPages.map((wanted) => {
    const times: number[] = [];
    let touched = 0;
    for (let run = 0; run < Math.max(runs, 3) * 3; run++) {
      touched = touchRandomPages(state, wanted, chance);
      const startedMs = performance.now();
      roots.request(state);
      times.push((performance.now() - startedMs) * 1e6);
      requireRoot('after random pages', roots.wait(), run === 0 ? state : undefined);
    }
    const middle = median(times);
    tell(`${touched} touched pages: ${Math.round(middle / touched)} ns a page`);
    return { pages: touched, nsPerPage: Math.round(middle / touched), microseconds: rounded(middle / 1000, 1) };
  });
}

/** Marks different pages of the tables at random, as many as wanted if there are so many; returns how many. */
function touchRandomPages(state: State, wanted: number, chance: WorkloadChance): number {
  const tables = TABLE_NAMES.map((name) => state[name]);
  const pages = tables.reduce((sum, table) => sum + table.pages, 0);
  const count = Math.min(wanted, pages);
  for (let touched = 0; touched < count; ) {
    let page = chance.below(pages);
    const table = tables.find(({ pages: own }) => page < own || ((page -= own), false));
    if (table === undefined || table.touched[page] === 1) continue;
    table.touched[page] = 1;
    touched++;
  }
  return count;
}
