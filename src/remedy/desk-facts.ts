/** What of a claims desk is public: its statistics, numbers of fewer than five and their amounts not told. */
import type { DisputeStatistics } from './dispute.ts';
import { type Form, integer, natural, objectOf, orNull } from './document-form.ts';
import type { PublicCount } from './dossier.ts';
import { publicCount } from './public-counts.ts';

interface PublicAwards {
  readonly awards: PublicCount;
  readonly amount: string | null;
}

/** Claims of one round at a time (milliseconds since 1970): all, what became of them, how many are not decided in time. */
export interface DeskFacts {
  readonly timeMs: number;
  readonly opened: PublicCount;
  readonly undecided: PublicCount;
  readonly adjusted: PublicCount;
  readonly denied: PublicCount;
  readonly awarded: { readonly T2: PublicAwards; readonly T3: PublicAwards };
  readonly late: PublicCount;
}

/** What of these statistics is told. */
export function deskFacts(statistics: DisputeStatistics, timeMs: number): DeskFacts {
  const { states, adjusted, denied, awarded, late } = statistics;
  const opened = Object.values(states).reduce((sum, count) => sum + count, 0);
  const told = ({ awards, amount }: DisputeStatistics['awarded']['T2']): PublicAwards => {
    const count = publicCount(awards);
    return { awards: count, amount: typeof count === 'number' ? amount : null };
  };
  return {
    timeMs,
    opened: publicCount(opened),
    undecided: publicCount(states.DISPUTE_OPEN + states.EVIDENCE + states.RE_RUN),
    adjusted: publicCount(adjusted),
    denied: publicCount(denied),
    awarded: { T2: told(awarded.T2), T3: told(awarded.T3) },
    late: publicCount(late),
  };
}

const count: Form = (value, path) => (value === 'fewer than 5' ? undefined : integer(0)(value, path));
const awards = objectOf({ awards: count, amount: orNull(natural) });

/** The form of the facts in a file. */
export const DESK_FACTS: Form = objectOf({
  timeMs: integer(0),
  opened: count,
  undecided: count,
  adjusted: count,
  denied: count,
  awarded: objectOf({ T2: awards, T3: awards }),
  late: count,
});
