/** The people who run the venue: acts that they sign, for the extremes in which they announce what they do. */
import { MARKET_PARAMETERS } from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { type Act, type ActContent, actHash, type EnrolledKey } from '../../guard/authority/act.ts';
import { publicKeyOf, signHash } from '../../guard/authority/signature.ts';

/** What the operators do: a signed act for the guarded world, and what the unguarded one, which knows no acts, is asked instead. */
export interface OperatorAct {
  readonly signed: object;
  readonly asked?: (inputs: CommandBuffer, timeMs: number) => void;
}

const SEEDS = [11, 12, 13, 14].map((fill) => new Uint8Array(32).fill(fill));
const ROSTER: readonly EnrolledKey[] = SEEDS.map((seed, place) => ({
  key: publicKeyOf(seed),
  role: place < 2 ? 'operator' : 'guard',
}));
const TWO = [0, 1];
const MONTH_MS = 30 * 86_400_000;
const INITIAL_MARGIN = MARKET_PARAMETERS.indexOf('INITIAL_MARGIN');

/** An act with the nonce `number`, good for a month from a time on. */
function act(venue: string | null, number: number, reason: string, what: ActContent, fromMs: number): Act {
  const nonce = number.toString(16).padStart(32, '0');
  return { venue, fork: 0, nonce, notBeforeMs: fromMs, expiryMs: fromMs + MONTH_MS, reason, what };
}

function signedBy(people: readonly number[], content: Act): object {
  const hash = actHash(content);
  const signatures = people.map((person) => ({
    key: (ROSTER[person] as EnrolledKey).key,
    signature: signHash(hash, SEEDS[person] as Uint8Array),
  }));
  return { act: content, signatures };
}

/** The first act: two operators and two keys of the guard. */
export function enrolment(fromMs: number): OperatorAct {
  return { signed: signedBy([0, 1, 2, 3], firstAct(fromMs)) };
}

function firstAct(fromMs: number): Act {
  return act(null, 1, 'the first keys', { kind: 'enrol', keys: ROSTER }, fromMs);
}

/** The raise of a market's initial margin, and its announcement, on the exchange that enrolled its keys at the same time. */
export function marginRaise(
  market: number,
  ppm: number,
  fromMs: number,
): { readonly announcement: OperatorAct; readonly raise: OperatorAct } {
  const parameter = { kind: 'setMarketParameter', market, parameter: INITIAL_MARGIN, value: ppm } as const;
  const venue = actHash(firstAct(fromMs));
  const raise = act(venue, 3, 'margins follow the market', { kind: 'commands', commands: [parameter] }, fromMs);
  const announcement = act(venue, 2, 'a day of notice', { kind: 'announce', hash: actHash(raise) }, fromMs);
  return {
    announcement: { signed: signedBy(TWO, announcement) },
    raise: {
      signed: signedBy(TWO, raise),
      asked: (inputs, timeMs) => inputs.setMarketParameter(timeMs, market, 'INITIAL_MARGIN', ppm),
    },
  };
}
