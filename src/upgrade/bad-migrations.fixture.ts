/** Migrations that go wrong, each in a way that happened somewhere, and the row that must be named. */
export const BAD_KINDS = [
  'zeroed column',
  'sign',
  'scale',
  'swapped keys',
  'truncated numeric',
  'default backfill',
  'half-migrated',
  'applied twice',
  'time-zone shift',
  'lagging replica',
  'wrong snapshot',
  'wrong branch',
  'two writers after restart',
  'orphan rows',
] as const;
type BadKind = (typeof BAD_KINDS)[number];

export interface BadMigration {
  readonly name: string;
  /** Which of the fourteen ways in which migrations went wrong it is; undefined: one beyond them. */
  readonly kind?: BadKind;
  readonly up: readonly string[];
  /** What the path of a finding must be like. */
  readonly path: RegExp;
}

/** All of them on the history of `recorded-venue.fixture.ts`. */
export const BAD_MIGRATIONS: readonly BadMigration[] = [
  {
    name: 'a column is zeroed: the funding index of one market',
    kind: 'zeroed column',
    up: ['update state_market set funding_index = 0 where row = 2'],
    path: /^state_market\/2\/funding_index$/,
  },
  {
    name: 'a sign is lost: positions become their absolute size',
    kind: 'sign',
    up: ['update state_position set size = abs(size)'],
    path: /^state_position\/\d+\/size$/,
  },
  {
    name: 'a scale: marks a hundred million times too great',
    kind: 'scale',
    up: ['update state_market set mark = mark * 1e8'],
    path: /^state_market\/\d+\/mark$/,
  },
  {
    name: 'keys swapped: two markets have the index of each other',
    kind: 'swapped keys',
    up: [
      `update state_market a set funding_index = b.funding_index from state_market b
        where a.row in (1, 2) and b.row = 3 - a.row`,
    ],
    path: /^state_market\/[12]\/funding_index$/,
  },
  {
    name: 'a numeric is truncated: balances in whole USDC',
    kind: 'truncated numeric',
    up: ['update balance_version set balance = trunc(balance / 100000000) * 100000000'],
    path: /^balance_version\/fork 0 account \d+ height \d+\/balance$/,
  },
  {
    name: 'a type narrows: times as 32-bit floats, and back',
    up: [
      'alter table state_order alter column created_ms type real',
      'alter table state_order alter column created_ms type double precision',
    ],
    path: /^state_order\/\d+\/created_ms$/,
  },
  {
    name: 'a default is filled in where a value belongs',
    kind: 'default backfill',
    up: [
      'alter table state_account drop column fee_class',
      'alter table state_account add column fee_class integer not null default 0',
    ],
    path: /^state_account\/\d+\/fee_class$/,
  },
  {
    name: 'half migrated: the second half of the orders has another unit',
    kind: 'half-migrated',
    up: [
      'update order_version set size_lots = size_lots * 10 where order_id > (select avg(order_id) from order_version)',
    ],
    path: /^order_version\/fork 0 order_id \d+ height \d+\/size_lots$/,
  },
  {
    name: 'applied twice: times moved by twice what they should',
    kind: 'applied twice',
    up: [
      'update state_account set created_ms = created_ms + 1',
      'update state_account set created_ms = created_ms + 1',
    ],
    path: /^state_account\/\d+\/created_ms$/,
  },
  {
    name: 'a time zone: trades an hour later',
    kind: 'time-zone shift',
    up: ['update trade set time_ms = time_ms + 3600000'],
    path: /^trade\/fork 0 trade \d+\/time_ms$/,
  },
  {
    name: 'seconds for milliseconds',
    up: ['update mark_tick set time_ms = time_ms / 1000'],
    path: /^mark_tick\/fork 0 market \d+ sequence \d+\/time_ms$/,
  },
  {
    name: 'the state of another snapshot: the balances of an earlier block',
    kind: 'wrong snapshot',
    up: [
      `update state_account a set balance_high = 0, balance_low = b.balance::double precision
        from (select distinct on (account) account, balance from balance_version where balance between 0 and 1e15
          order by account, height) b where b.account = a.row`,
    ],
    path: /^state_account\/\d+\/balance_(?:high|low)$/,
  },
  {
    name: 'a lagging replica: positions as they were some blocks ago',
    kind: 'lagging replica',
    up: [
      `update state_position p set size = v.size_lots from (
          select distinct on (account, market) account, market, size_lots from position_version
            where height < (select max(height) from block) - 3 order by account, market, height desc) v
        where v.account = p.account and v.market = p.market and v.size_lots <> p.size`,
    ],
    path: /^state_position\/\d+\/size$/,
  },
  {
    name: 'another branch: the head says fork 1',
    kind: 'wrong branch',
    up: ['update state_head set fork = 1', 'update block set fork = 1 where height > 3'],
    path: /^(?:block\/\d+\/fork|state_head\/\d+\/fork)$/,
  },
  {
    name: 'orphans: a trade whose orders are gone',
    kind: 'orphan rows',
    up: ['delete from order_version where order_id in (select maker_order from trade order by trade limit 1)'],
    path: /^order_version\/fork 0 order_id \d+ height \d+\/row$/,
  },
  {
    name: 'rows are lost: trades of one market',
    up: ['delete from trade where market = 1'],
    path: /^trade\/fork 0 trade \d+\/row$/,
  },
  {
    name: 'rows are doubled behind a key that was dropped',
    up: [
      'alter table funding_payment drop constraint funding_payment_pkey',
      'insert into funding_payment select * from funding_payment limit 1',
    ],
    path: /^funding_payment\/fork 0 sequence \d+ ordinal \d+\/row$/,
  },
  {
    name: 'the fence is taken down',
    kind: 'two writers after restart',
    up: ['drop trigger fenced on trade'],
    path: /^schema\/trigger trade\.fenced$/,
  },
  {
    name: 'a list is cut: an account without its positions',
    up: ['update state_account set first_position = 0 where first_position > 0'],
    path: /^state_account\/\d+\/first_position$/,
  },
  {
    name: 'a list becomes a ring',
    up: ['update state_position set next_of_account = row where size <> 0'],
    path: /^state_position\/\d+\/next_of_account$/,
  },
  {
    name: 'a table of the state is empty',
    up: ['delete from state_rule'],
    path: /^state_rule\/1\/row$/,
  },
];
