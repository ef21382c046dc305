// Cases run over the journal in a folder, by cone or by full replay: what `incident measure` and `incident dispute rerun` share.
import { type CaseRun, CaseRunner, type Method } from '../incident/case-runner.ts';
import { WindowFile } from '../incident/window-file.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import type { IncidentCase } from '../remedy/incident-case.ts';
import type { IncidentFinding } from '../remedy/incident-run.ts';
import { readableCount } from './money.ts';

/**
 * Calls `use` with what runs cases over the journal, and its history; ends the threads that it took. `window`: a file in which the window is kept
 * between two calls.
 */
export async function withCaseRuns<T>(
  folder: string,
  window: string | undefined,
  use: (run: (incident: IncidentCase, isFull: boolean) => CaseRun | IncidentFinding, history: JournalReader) => T,
): Promise<T> {
  const history = new JournalReader(folder);
  const taken: ThreadedRoots[] = [];
  const runner = new CaseRunner({
    history,
    stateAt: (height) => stateAtBlock(history, height, { folder, head: height }).state,
    hash: sha256,
    file: window === undefined ? undefined : new WindowFile(window),
    roots: () => {
      const roots = new ThreadedRoots();
      taken.push(roots);
      return roots;
    },
  });
  try {
    return use((incident, isFull) => runner.run(incident, isFull), history);
  } finally {
    for (const roots of taken) await roots.close();
  }
}

/** How a case was run, in a sentence. */
export function methodText({ method, markets, executed, commands, beyond }: Method): string {
  const of = `${readableCount(executed)} of ${readableCount(commands)} commands`;
  if (method === 'cone') return `By the cone of the corrections: ${markets} markets, ${of} executed.`;
  return beyond === null
    ? 'By a full replay of both worlds.'
    : `By a full replay of both worlds: no cone for ${beyond}.`;
}
