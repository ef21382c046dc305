/** Cases C52, C70, C72 and C73 of the corruption matrix: what is asked for with keys of another time or place, and payouts by hand. */
import type { CommandRecord } from '../../chain/command-value.ts';
import { INSURANCE_FUND } from '../../engine/state.ts';
import { getWide } from './cases-writing.ts';
import { setParameter, tenfold } from './cases-parameters.ts';
import type { Fault, FaultScene } from './fault.ts';

/** A market's margins become ten times what they were. */
const tenfoldMargin = ({ state, market }: FaultScene): CommandRecord[] => [
  setParameter(market, 'INITIAL_MARGIN', tenfold(state, market)),
];

/** A refund that is set aside and credited, as records of an operator. */
function refund(account: number, amount: number, number: number): CommandRecord[] {
  const id = number.toString(16).padStart(32, '0');
  return [
    { kind: 'reserveRefund', timeMs: null, account, amount, id },
    { kind: 'postRefund', timeMs: null, id },
  ];
}

/** So much of the insurance fund is paid out in all. */
function partOfFund({ state }: FaultScene, parts: number): number {
  return Math.max(1, Math.floor(getWide(state, 'account', INSURANCE_FUND, 'BALANCE') / parts));
}

/** A refund of one USDC, 1e-8 USDC. */
const REFUND_UNITS = 1e8;
const SCALE = 1000;

export const ACT_CASES: readonly Fault[] = [
  {
    id: 'C52',
    name: 'what was signed on a dead branch is asked for again: ten times the margin of a market',
    class: 'I',
    harm: ['forced', 'money'],
    signed: 'dead branch',
    operator: tenfoldMargin,
  },
  {
    id: 'C70',
    name: 'keys are rotated, and the old ones sign once more: ten times the margin of a market',
    class: 'I',
    harm: ['forced', 'money'],
    signed: 'retired',
    operator: tenfoldMargin,
  },
  {
    id: 'C72',
    name: 'a payout in another unit: a thousand times what is owed, by hand',
    class: 'I',
    harm: ['money'],
    operator: (scene) => {
      const amount = Math.min(REFUND_UNITS * SCALE, partOfFund(scene, 10));
      return scene.accounts.slice(0, 5).flatMap((account, place) => refund(account, amount, place + 1));
    },
  },
  {
    id: 'C73',
    name: 'a payout is sent twice: the form was filled in anew after a timeout',
    class: 'I',
    harm: ['money'],
    operator: (scene) => {
      const amount = Math.min(REFUND_UNITS, partOfFund(scene, 20));
      // One that keeps what it is given: who is liquidated gives it to the fund.
      const account = scene.accounts.at(-1) as number;
      return [1, 2].flatMap((number) => refund(account, amount, number));
    },
  },
];
