/** What people write in the reports of a drill: what no computation knows. */
import type { Measurement } from '../../incident/measure.ts';
import { NOTES_FORMAT, type ReportNotes } from '../../remedy/report/notes.ts';
import type { Closed } from './paradex.ts';

const OWNER = 'operations of the drill’s venue';

export function raceNotes({ names, block }: Closed, { recommended, because }: Measurement): ReportNotes {
  return {
    format: NOTES_FORMAT,
    rootCause: [
      'The database was moved to a larger machine in a scheduled maintenance. A service was started while rows were still being copied.',
      `The rows of ${names.join(', ')} had not arrived. Where a funding index belongs the process read the default of an empty column: zero. At the first tick every position in those markets was settled up to that index.`,
    ],
    detection: [
      'Nobody compared the state that was loaded with the root of its block. The loss was noticed by those who were liquidated.',
    ],
    decision: [
      `The published order of preference recommended: ${recommended.replaceAll('_', ' ')}: ${because}. The venue was rolled back to block ${block.height}${recommended === 'rollback' ? '' : ' all the same, as Paradex decided on that day: too many accounts and markets were affected'}.`,
      'This report is of the measurement before the decision: what it drafts was not paid, because the rollback undid what it would have been paid for.',
    ],
    actions: [
      {
        what: 'A process starts only on a state whose root its block vouches for; the guard keeps images of its own and compares them before each tick.',
        owner: OWNER,
        due: 'done: the same drill with the guard on',
        test: 'C01, C02 of the fault matrix; test/stories/drill.test.ts',
      },
    ],
  };
}

export function reopeningNotes(market: string): ReportNotes {
  return {
    format: NOTES_FORMAT,
    rootCause: [
      `After the rollback all orders but take-profits, stop-losses and those that only reduce were cancelled, and the venue was opened at once. In ${market}, with a wide price band and high leverage, a few aggressive orders became the whole book; the mark followed them, and liquidations were running.`,
    ],
    detection: [
      'The mark left every outside source by far more than any of them moved. The venue was stopped by hand.',
    ],
    decision: [
      'Trading had gone on outside: a second rollback would have undone nothing but the harm and left it to chance again. Who was harmed is paid by the published policy; the venue was reopened by the ladder, liquidations last.',
    ],
    actions: [
      {
        what: 'Every reopening goes by the ladder: cancel-only, post-only within a band around an external fair price, open, triggers, liquidations last after a grace.',
        owner: OWNER,
        due: 'done: the same orders while the ladder led the venue back',
        test: 'test/stories/second-wave.test.ts, test/stories/drill.test.ts',
      },
    ],
  };
}
