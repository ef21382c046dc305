/** Who is told what the guard does, and who takes in what happened for it. */
import type { Finding } from './finding.ts';
import type { Listening } from './listening.ts';
import type { HeldCommand } from './screen.ts';
import type { SourcesTold } from './source-watch.ts';
import type { Verdict } from './verdict.ts';

export interface GuardOptions {
  /** Told every judgement, in order. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Told once of each component that is put into quarantine. */
  readonly onFinding?: (finding: Finding) => void;
  /** Told of each submitted command that is not taken. */
  readonly onHeldCommand?: (held: HeldCommand) => void;
  /** Told of each submitted command that is taken with a doubt of class III. */
  readonly onNote?: (note: HeldCommand) => void;
  /** Told when a market has lost sources for a while, and when it has them again. */
  readonly onSources?: (told: SourcesTold) => void;
  /** Who takes in what happened; by default the guard itself, as it is called. */
  readonly listening?: Listening;
}
