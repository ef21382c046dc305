/**
 * `bench remedy --only cases`: what asking costs, as `makewhole incident measure` asks: the first case of a window, a further one of it, one of another
 * call that finds the window in a file, and the same by a full replay of both worlds. All from a journal in files, every root of the actual world compared.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { PLACE_ORDER, COMMAND_BYTES } from '../src/engine/command.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { type CaseRun, CaseRunner } from '../src/incident/case-runner.ts';
import { WindowFile } from '../src/incident/window-file.ts';
import { JournalReader } from '../src/journal/journal-reader.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { ThreadedRoots } from '../src/journal/threaded-roots.ts';
import type { IncidentCase } from '../src/remedy/incident-case.ts';
import type { Grouping } from './durable.ts';
import { type Recording, recordInThread } from './recording.ts';
import { caseOf, isOrder, writeJournal } from './remedy-draft.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { collectGarbage, rounded, startStopwatch, type Tell } from './series.ts';
import { applyOpening } from './session.ts';
import { FIRST_MARKET } from './venue.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

const WORDS = COMMAND_BYTES / 4;

export interface CasesRequest extends Grouping {
  readonly source: WorkloadSource;
  /** Orders that the case leaves out, all of one market (counted from 1, the busiest). */
  readonly market: number;
  readonly dropped: number;
  readonly folder?: string;
}

export interface CasesResult extends Grouping {
  readonly commands: number;
  readonly market: number;
  readonly dropped: number;
  /** Commands executed by the cone. */
  readonly executed: number;
  /** Seconds until a case is run: the first of its window, a further one, the first where the window is in a file; and by a full replay. */
  readonly firstSeconds: number;
  readonly furtherSeconds: number;
  readonly fromFileSeconds: number;
  readonly fullSeconds: number;
  readonly fileMegabytes: number;
  readonly workload: WorkloadSummary;
}

/** Asks of one case in each way. Throws where there is no cone of it. */
export async function measureCases(request: CasesRequest, tell: Tell): Promise<CasesResult> {
  const recording = await recordInThread({ source: request.source, withForced: false });
  return withScratchFolder(request.folder, async (folder) => {
    const journal = join(folder, 'journal');
    const { from, to } = await writeJournal(journal, recording, request);
    tell(`${recording.commands.commands} commands in ${to - from} blocks`);
    const history = new JournalReader(journal);
    const commands = droppedOf(recording, request);
    const incident = caseOf(history, from, to, { commands, deviations: [], keepHalts: true });
    const file = join(folder, 'window');
    const taken: ThreadedRoots[] = [];
    const runner = (): CaseRunner =>
      new CaseRunner({
        history,
        stateAt: () => startOf(recording),
        hash: sha256,
        roots: () => {
          const roots = new ThreadedRoots();
          taken.push(roots);
          return roots;
        },
        file: new WindowFile(file),
      });
    try {
      const own = runner();
      const first = timed(own, incident, false);
      tell(`the first case: ${first.seconds} s`);
      const further = timed(own, incident, false);
      const fromFile = timed(runner(), incident, false);
      tell(`a further one: ${further.seconds} s; with the window in a file: ${fromFile.seconds} s`);
      const full = timed(own, incident, true);
      return {
        commands: recording.commands.commands,
        market: request.market,
        dropped: commands.length,
        executed: first.run.method.executed,
        firstSeconds: first.seconds,
        furtherSeconds: further.seconds,
        fromFileSeconds: fromFile.seconds,
        fullSeconds: full.seconds,
        fileMegabytes: rounded(statSync(file).size / 1e6, 1),
        batchCommands: request.batchCommands,
        blockCommands: request.blockCommands,
        workload: recording.workload,
      };
    } finally {
      for (const roots of taken) await roots.close();
    }
  });
}

function startOf({ outcome, opening }: Recording): State {
  const state = genesis(outcome.rows);
  applyOpening(state, opening);
  return state;
}

function timed(runner: CaseRunner, incident: IncidentCase, isFull: boolean): { seconds: number; run: CaseRun } {
  collectGarbage();
  const stop = startStopwatch();
  const run = runner.run(incident, isFull);
  const seconds = rounded(stop().wallNs / 1e9, 2);
  if ('finding' in run) throw new Error(`the case does not hold: ${run.finding}: ${run.about}`);
  if (!isFull && run.method.beyond !== null) throw new Error(`there is no cone: ${run.method.beyond}`);
  return { seconds, run };
}

/** Orders of the market from a quarter of the session on. */
function droppedOf(
  { opening, commands }: Recording,
  { market, dropped }: CasesRequest,
): { sequence: number; commands: [] }[] {
  const found: { sequence: number; commands: [] }[] = [];
  for (let row = commands.rows >> 2; row < commands.rows && found.length < dropped; row++) {
    const isOf = commands.i32[row * WORDS + PLACE_ORDER.MARKET] === FIRST_MARKET + market - 1;
    if (isOf && isOrder(commands.i32, row)) found.push({ sequence: opening.commands + row + 1, commands: [] });
  }
  return found;
}
