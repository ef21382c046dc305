/** Without the guard, to the end: cascade, measurement, rollback, careless reopening, ladder, claims, payment, reports. */
import { join } from 'node:path';
import type { Block } from '../../chain/block.ts';
import { addPayment, inFolder, verifiedElsewhere, writeCase } from './case-files.ts';
import { Happened, runCascade } from './cascade.ts';
import type { Compared } from './forced-tally.ts';
import { measureCase, measureRace, reopeningCase } from './incident.ts';
import { draftOf, NotPaid, payRemedy, remedyResult, verifiedHere } from './make-whole.ts';
import { raceNotes, reopeningNotes } from './notes.ts';
import { type Closed, type ParadexOptions, toMaintenance } from './paradex.ts';
import type { DrillResult } from './result.ts';
import { rollBackTo } from './roll-back.ts';
import { climb, runSecondWave } from './second-wave.ts';
import { mostFragile } from './skew.ts';

/** The parts of a result that a run of the incident fills. */
export type Parts = Pick<DrillResult, 'vetoes' | 'rollback' | 'secondWave' | 'remedy' | 'noRemedy' | 'timings'> & {
  readonly closed: Closed;
  readonly compared: Compared;
};

/** Folders of the two cases in what a drill leaves. */
export const CASE_FOLDERS = { race: 'race', reopening: 'reopening' } as const;

/** Runs it; `folder` is where the cases are left, nowhere unless given. */
export function runUnguarded(options: ParadexOptions, folder: string | undefined): Parts {
  return inFolder(folder, (at) => run(options, at));
}

function run(options: ParadexOptions, folder: string): Parts {
  const { journal, told } = options;
  const happened = new Happened();
  const closed = toMaintenance(options, false, happened.told);
  const { compared } = runCascade(options, closed, happened);

  const race = measureRace(options, closed);
  const raceDraft = draftOf(options, closed, race.incident);
  told.onMoment?.({
    kind: 'measured',
    timeMs: closed.world.at('halt'),
    lines: race.scope.lines,
    measurement: race.measurement,
  });
  writeCase(join(folder, CASE_FOLDERS.race), {
    ...raceDraft,
    measurement: race.measurement,
    notes: raceNotes(closed, race.measurement),
  });
  const { done, result: rollback } = rollBackTo(options, closed, race);

  const wave = runSecondWave(options, closed, happened);
  const window = { from: done.block, to: journal.block(wave.height) as Block };
  const incident = reopeningCase(closed, wave.openedSequence, window);
  const drafted = draftOf(options, closed, incident);
  const measurement = measureCase(options, closed, incident);
  const market = options.day.markets[mostFragile(options.day) - 1]?.name as string;
  const own = join(folder, CASE_FOLDERS.reopening);
  writeCase(own, { ...drafted, measurement, notes: reopeningNotes(market) });
  const remedy = remedyResult(drafted, verifiedHere(drafted.draft), verifiedElsewhere(own));

  const climbed = climb(options, closed, happened);
  const paid = payRemedy(closed.world.venue, drafted);
  if (paid instanceof NotPaid) throw new Error(paid.message);
  if (paid !== undefined) addPayment(own, drafted.draft.roots.round, paid.approval, paid.record);
  told.onMoment?.({
    kind: 'remedy',
    timeMs: closed.world.venue.timeMs,
    result: remedy,
    shown: paid?.shown ?? [],
    record: paid?.record,
  });
  return {
    closed,
    compared,
    vetoes: [],
    rollback,
    secondWave: { careless: wave.compared.wrongful.count, ladder: climbed.wrongful.count },
    remedy,
    noRemedy: null,
    timings: { scopeSeconds: race.scopeSeconds, draftSeconds: drafted.seconds, payoutSeconds: paid?.seconds ?? 0 },
  };
}
