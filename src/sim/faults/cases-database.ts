/**
 * Databases that go wrong: the fourteen ways in which migrations did, each as a migration (phase upgrade) and as somebody's hand before a
 * restart; and cases C66 and C68 of the corruption matrix.
 */
import { FLAG, ORDER_KIND } from '../../engine/flags.ts';
import { findPosition } from '../../engine/state.ts';
import { NO_CHANGES, NOTHING_DECLARED } from '../../upgrade/upgrade-migration.ts';
import { get } from './cases-writing.ts';
import type { DatabaseScene, DatabaseWork } from './database-fault.ts';
import type { Fault } from './fault.ts';
import { columnsFrom, statementsOf } from './sql-rows.ts';

const HOUR_MS = 3_600_000;

/** What cannot be: a process that runs does not read its state from a database. */
const RUNNING = {
  steady: 'the running exchange does not read its state from a database',
  reopen: 'it comes back with the state that it had',
} as const;

type Writes = (scene: DatabaseScene) => readonly string[];

/** A fault of class I in the database that a process starts from. */
function stored(
  id: string,
  name: string,
  harm: Fault['harm'],
  up: Writes,
  more: (scene: DatabaseScene) => Omit<DatabaseWork, 'up'> = () => ({}),
): Fault {
  return { id, name, class: 'I', harm, harmless: RUNNING, database: (scene) => ({ up: up(scene), ...more(scene) }) };
}

/** What a lagging copy holds: numbers, not the links between rows. */
const LAGGING = {
  account: ['balance_high', 'balance_low'],
  position: ['size', 'cost_high', 'cost_low', 'funding_index'],
} as const;

const lagging: Writes = ({ earlier }) =>
  (['account', 'position'] as const).map((table) => columnsFrom(earlier, table, LAGGING[table]));

/** Tables of what people have, which another snapshot or branch has otherwise. */
const OWNED = ['account', 'accountKey', 'position', 'order', 'clientId', 'withdrawal'] as const;

/** The unit of the marks' history is divided by a hundred: declared once, done twice. */
const CENTS = { value: 'balance_low * 100', back: 'balance_low / 100' };

export const DATABASE_CASES: readonly Fault[] = [
  stored('D01', 'a column is zeroed: the funding index of a market', ['forced', 'money'], ({ market }) => [
    `update state_market set funding_index = 0 where row = ${market}`,
  ]),
  stored('D02', 'a sign is lost: positions become their absolute size', ['forced', 'missed', 'money'], () => [
    'update state_position set size = abs(size)',
  ]),
  stored(
    'D03',
    'a scale: the entry cost of positions a hundred times too great',
    ['forced', 'missed', 'money', 'stopped'],
    () => ['update state_position set cost_high = cost_high * 100, cost_low = cost_low * 100'],
  ),
  stored('D04', 'keys are swapped: two markets have the funding index of each other', ['forced', 'money'], (scene) => {
    const { market, otherMarket } = scene;
    return [
      `update state_market a set funding_index = b.funding_index from state_market b
        where a.row in (${market}, ${otherMarket}) and b.row = ${market + otherMarket} - a.row`,
    ];
  }),
  stored('D05', 'a number is truncated: balances in whole USDC', ['money'], () => [
    'update state_account set balance_low = trunc(balance_low / 100000000) * 100000000',
  ]),
  stored(
    'D06',
    'a default is filled in where a value belongs: the initial margin',
    ['forced', 'money', 'trade'],
    () => [
      'alter table state_market drop column initial_margin',
      'alter table state_market add column initial_margin double precision not null default 500000',
    ],
  ),
  stored('D07', 'half migrated: the second half of the positions has another unit', ['forced', 'money'], () => [
    `update state_position set size = size * 10 where row > (select max(row) / 2 from state_position)`,
  ]),
  stored(
    'D08',
    'applied twice: balances in a hundredth of their unit, and again',
    ['forced', 'missed', 'money', 'trade'],
    () => Array.from({ length: 2 }, () => 'update state_account set balance_low = balance_low * 100'),
    () => ({
      declared: { ...NOTHING_DECLARED, tables: { state_account: { ...NO_CHANGES, changed: { balance_low: CENTS } } } },
    }),
  ),
  stored('D09', 'a time zone: the times of marks and funding are an hour late', ['forced', 'missed', 'money'], () => [
    `update state_market set tick_ms = tick_ms - ${HOUR_MS}, funding_ms = funding_ms - ${HOUR_MS}`,
  ]),
  stored('D10', 'a lagging replica: balances and positions of some ticks ago', ['forced', 'money'], lagging),
  stored(
    'D11',
    'the wrong snapshot: what people had some ticks ago, under the head of now',
    ['money', 'trade'],
    ({ earlier }) => statementsOf(earlier, OWNED),
  ),
  stored(
    'D12',
    'the wrong branch: what people have on a branch that was given up',
    ['money', 'trade'],
    ({ branch }) => [...statementsOf(branch, OWNED), 'update state_head set fork = 1'],
  ),
  stored(
    'D13',
    'two writers after a restart: the old one writes its balances and positions once more',
    ['forced', 'money'],
    lagging,
    () => ({
      place: 'old writer',
    }),
  ),
  stored('D14', 'orphans: positions whose accounts are gone', ['stopped'], () => [
    `delete from state_account where row in (select account from state_position where size <> 0 limit 3)`,
  ]),
  {
    id: 'C66',
    name: 'old and new tables drift apart: what is written behind the migration does not reach the new one',
    class: 'I',
    harm: ['forced', 'money', 'stopped'],
    harmless: { ...RUNNING, restart: 'no migration is under way' },
    database: () => ({
      place: 'following',
      up: [
        'create table account_balance (account integer primary key, balance_high double precision not null, balance_low double precision not null)',
        'insert into account_balance select row, balance_high, balance_low from state_account',
        `create function keep_balance() returns trigger language plpgsql as $$ begin
          insert into account_balance values (new.row, new.balance_high, new.balance_low);
          return null;
        end $$`,
        // The path that is forgotten: rows that are there already are updated, and nobody is told.
        'create trigger keep_balance after insert on state_account for each row execute function keep_balance()',
      ],
      down: [
        'drop trigger keep_balance on state_account',
        'drop function keep_balance()',
        'drop table account_balance',
      ],
      declared: {
        ...NOTHING_DECLARED,
        newTables: { account_balance: 'select row as account, balance_high, balance_low from state_account' },
        schema: ['trigger state_account.keep_balance', 'function keep_balance'],
      },
      reading: [
        `update state_account a set balance_high = b.balance_high, balance_low = b.balance_low
          from account_balance b where b.account = a.row`,
      ],
    }),
  },
  {
    id: 'C71',
    name: 'a stale projection: people close the positions that it shows them, and have others by now',
    class: 'I',
    harm: ['trade', 'money'],
    harmless: { steady: 'the projection follows, and says as of which block', reopen: 'it was rebuilt before' },
    database: ({ state, accounts }) => ({
      place: 'projection',
      up: [],
      acts: (shown) =>
        shown.flatMap(({ account, market, size_lots: lots }) => {
          const row = findPosition(state, account, market);
          const isTrue = lots === (row === 0 ? 0 : get(state, 'position', row, 'SIZE'));
          if (lots === 0 || isTrue || !accounts.includes(account)) return [];
          const flags = (lots > 0 ? FLAG.SELL : 0) | (ORDER_KIND.MARKET << FLAG.KIND_SHIFT);
          const order = { price: 0, size: Math.abs(lots), trigger: 0, flags, notAfterMs: 0, clientId: '' };
          return [{ kind: 'placeOrder', timeMs: null, account, market, ...order }];
        }),
    }),
  },
  {
    id: 'C68',
    name: 'a backup that cannot be restored: it lacks a part of the positions, and is all that is left',
    class: 'I',
    harm: ['money', 'missed', 'trade'],
    harmless: RUNNING,
    database: () => ({
      place: 'backup',
      up: ['update state_position set size = 0, cost_high = 0, cost_low = 0 where row % 3 = 0'],
    }),
  },
];
