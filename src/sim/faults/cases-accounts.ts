/** Cases C36 to C48 of the corruption matrix: accounts and their money. C47 waits for vaults (`cases.ts`). */
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from '../../engine/state.ts';
import { get, getWide, held, put, putWide, reload, rowsOf, usdc } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

/** A migration counts in 1e-6 USDC what was in 1e-8. */
const MICRO = 100;
/** How many accounts a fault of single accounts hits. */
const FEW = 12;
/** EURC stands where USDC stood. */
const OTHER_ASSET = 1.08e8;
const AMOUNT = 25_000e8;

/** Size and cost of a position become what `change` makes of each. */
function alterPosition(state: State, row: number, change: (value: number) => number): void {
  put(state, 'position', row, 'SIZE', change(get(state, 'position', row, 'SIZE')));
  putWide(state, 'position', row, 'COST', change(getWide(state, 'position', row, 'COST')));
}

function balance(state: State, account: number): number {
  return getWide(state, 'account', account, 'BALANCE');
}

function pay(state: State, account: number, amount: number): void {
  putWide(state, 'account', account, 'BALANCE', balance(state, account) + amount);
}

function traders(state: State): number[] {
  return rowsOf(state, 'account').slice(FEE_ACCOUNT);
}

/** The position of an account in the market of the scene. */
function rowOf({ state, market }: FaultScene, account: number): number {
  return held(state, market).find((row) => get(state, 'position', row, 'ACCOUNT') === account) as number;
}

/** Accounts that hold positions of the market in the process as it stands, those nearest to liquidation first. */
function holders(scene: FaultScene): number[] {
  const here = new Set(held(scene.state, scene.market).map((row) => get(scene.state, 'position', row, 'ACCOUNT')));
  return scene.accounts.filter((account) => here.has(account));
}

/** The balance as a signed 32-bit count of 1e-6 USDC: what is below is gone, what is above 2,147 USDC wraps. */
function narrowed(value: number): number {
  return (Math.trunc(value / MICRO) | 0) * MICRO;
}

/** Withdrawals that a dead branch had settled are carried over: more than is left of the balance, out of the venue for good. */
function carryForward(scene: FaultScene): void {
  const { state } = scene;
  for (const account of holders(scene).slice(-FEW)) {
    const amount = Math.floor(Math.max(AMOUNT, 3 * Math.abs(balance(state, account))));
    pay(state, account, -amount);
    putWide(state, 'venue', 1, 'WITHDRAWN', getWide(state, 'venue', 1, 'WITHDRAWN') + amount);
  }
  reload(state);
}

export const ACCOUNT_CASES: readonly Fault[] = [
  {
    id: 'C36',
    name: 'sizes and costs have lost their sign: shorts are longs',
    class: 'I',
    harm: ['forced', 'missed', 'money', 'trade'],
    loaded: ({ state, market }) => {
      for (const row of held(state, market)) alterPosition(state, row, Math.abs);
      reload(state);
    },
  },
  {
    id: 'C37',
    name: 'balances went through a 32-bit count of 1e-6 USDC',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state }) => {
      for (const account of traders(state)) {
        putWide(state, 'account', account, 'BALANCE', narrowed(balance(state, account)));
      }
      reload(state);
    },
  },
  {
    id: 'C38',
    name: 'half of the accounts are migrated: their balances count in another unit than the others’',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state }) => {
      const all = traders(state);
      for (const account of all.slice(0, all.length / 2)) {
        putWide(state, 'account', account, 'BALANCE', Math.floor(balance(state, account) / MICRO));
      }
      reload(state);
    },
  },
  {
    id: 'C39',
    name: 'a migration ran twice: sizes and costs of a market are doubled',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => {
      for (const row of held(state, market)) alterPosition(state, row, (value) => value * 2);
      put(state, 'market', market, 'OPEN_INTEREST', 2 * get(state, 'market', market, 'OPEN_INTEREST'));
      reload(state);
    },
  },
  {
    id: 'C40',
    name: 'fills were written for one side alone',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: (scene) => {
      const { state } = scene;
      for (const account of holders(scene).slice(0, FEW))
        alterPosition(state, rowOf(scene, account), (value) => value * 2);
      reload(state);
    },
  },
  {
    id: 'C41',
    name: 'trades were taken back on one side alone: positions are gone, their counterparties are not',
    class: 'I',
    harm: ['missed', 'money', 'trade'],
    loaded: (scene) => {
      const { state } = scene;
      for (const account of holders(scene).slice(0, FEW)) alterPosition(state, rowOf(scene, account), () => 0);
      reload(state);
    },
  },
  {
    id: 'C42',
    name: 'the cost of positions is gone: they were bought for nothing',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => {
      for (const row of held(state, market)) putWide(state, 'position', row, 'COST', 0);
      reload(state);
    },
  },
  {
    id: 'C43',
    name: 'the number of USDC means EURC: the collateral has another asset’s price',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    inputs: (inputs, scene) => usdc(inputs, scene, OTHER_ASSET),
  },
  {
    id: 'C44',
    name: 'deposits are credited twice: the chain is read again after a rollback',
    class: 'I',
    harm: ['money'],
    lastsTicks: 12,
    // The reader sends each deposit again, which the engine refuses; what it credited before the rollback is not asked of anyone.
    inputs: (inputs) => inputs.flatMap((record) => (record.kind === 'deposit' ? [record, { ...record }] : [record])),
    loaded: (scene) => {
      if (scene.ticks !== 0) return;
      for (const account of scene.accounts.slice(0, FEW)) pay(scene.state, account, AMOUNT);
      reload(scene.state);
    },
  },
  {
    id: 'C45',
    name: 'withdrawals that have settled are not debited on the new branch',
    class: 'I',
    harm: ['money'],
    loaded: (scene) => {
      const { state } = scene;
      for (const account of scene.accounts.slice(0, FEW)) {
        const amount = Math.floor(Math.abs(balance(state, account)) / 2) + 1e8;
        pay(state, account, amount);
        putWide(state, 'venue', 1, 'WITHDRAWN', getWide(state, 'venue', 1, 'WITHDRAWN') + amount);
      }
      reload(state);
    },
  },
  {
    id: 'C46',
    name: 'withdrawals of a dead branch are carried over as debts, and healthy positions pay for them',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: carryForward,
  },
  {
    id: 'C48',
    name: 'the insurance fund’s money is in the fee account: the nightly transfer ran the wrong way',
    class: 'II',
    harm: ['money'],
    loaded: ({ state }) => {
      const amount = balance(state, INSURANCE_FUND);
      pay(state, INSURANCE_FUND, -amount);
      pay(state, FEE_ACCOUNT, amount);
      reload(state);
    },
  },
];
