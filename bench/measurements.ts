/** What a child process can be asked to measure, by name. */
import { measureAmount } from './amount.ts';
import { measureFull } from './full.ts';
import { measureGuarded } from './guarded.ts';
import { measureJournal } from './journal.ts';
import { measureMatching } from './matching.ts';
import { measureCases } from './remedy-cases.ts';
import { measureCone } from './remedy-cone.ts';
import { measureDraft } from './remedy-draft.ts';
import { measureReplay } from './replay.ts';
import { measureRoot } from './root.ts';
import { measureSnapshot } from './snapshot.ts';
import { measureStore } from './store.ts';
import { measureUpgrade } from './upgrade.ts';

export const MEASUREMENTS = {
  matching: measureMatching,
  full: measureFull,
  guarded: measureGuarded,
  journal: measureJournal,
  root: measureRoot,
  snapshot: measureSnapshot,
  replay: measureReplay,
  cone: measureCone,
  draft: measureDraft,
  cases: measureCases,
  amount: measureAmount,
  store: measureStore,
  upgrade: measureUpgrade,
} as const;

export type Measurements = typeof MEASUREMENTS;
export type MeasurementName = keyof Measurements;
