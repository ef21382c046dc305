/** Cases C57 to C71 of the corruption matrix: processes, copies, clocks, bits. What needs a database waits (`cases.ts`). */
import type { CommandRecord } from '../../chain/command-value.ts';
import { FEE_ACCOUNT, type State } from '../../engine/state.ts';
import type { TableName } from '../../engine/tables.ts';
import { alter, get, getWide, held, markets, put, putWide, reload, Remembered, rowsOf } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';
import { flipped } from './mutation.ts';

/** A lagging copy is so many ticks behind. */
const LAG_TICKS = 8;
/** How many rows lose bits. */
const FLIPS = 12;
/** The bits of a float that move it by more than a hundredth of a percent. */
const HIGH_BITS_FROM = 40;

/** What the derived columns of a market hold in a process whose tables have not come yet. */
const DERIVED = [
  'SPOT',
  'SPOT_MS',
  'MARK',
  'MARK_MS',
  'FAIR_BASIS',
  'EXTERNAL_BASIS',
  'EXTERNAL_FAIR',
  'BID_BASIS',
  'ASK_BASIS',
  'TRADE_BASIS',
  'MID_BASIS',
  'SLOW_BASIS',
  'LIQUIDITY_WEIGHT',
  'PREMIUM_RATE',
  'RAW_RATE',
  'FUNDING_RATE',
  'FUNDING_PREMIUM',
  'FUNDING_INDEX',
  'FUNDING_REMAINDER',
  'TICK_MS',
  'PREMIUM_LIMIT',
] as const;

/** Orders that a second writer relays too: it knows nothing of the first one. */
const RELAYED: ReadonlySet<CommandRecord['kind']> = new Set(['placeOrder', 'transfer', 'requestWithdrawal']);

/** The same from a second writer, which has no use for a client's name of its order. */
function relayed(record: CommandRecord): CommandRecord {
  return 'clientId' in record ? { ...record, clientId: '' } : { ...record };
}

/** A table as it was. */
interface Copy {
  readonly name: TableName;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly free: number;
  readonly live: number;
}

function copiesOf(state: State, tables: readonly TableName[]): readonly Copy[] {
  return tables.map((name) => {
    const { bytes, rows, free, live, schema } = state[name];
    return { name, bytes: bytes.slice(0, rows * schema.rowBytes), rows, free, live };
  });
}

/** Writes copies back over what has happened since; rows that came later are gone. */
function writeBack(state: State, copies: readonly Copy[]): void {
  for (const { name, bytes, rows, free, live } of copies) {
    const table = state[name];
    table.bytes.set(bytes);
    for (const row of rowsOf(state, name)) table.touch(row);
    Object.assign(table, { rows, free, live });
  }
  reload(state);
}

const replica = new Remembered<readonly Copy[]>();
/** What a service of accounts reads and writes: numbers, not the links between rows. */
const NUMBERS = {
  account: ['BALANCE_HIGH', 'BALANCE_LOW'],
  position: ['SIZE', 'COST_HIGH', 'COST_LOW', 'FUNDING_INDEX'],
} as const;
const lagging = new Remembered<readonly (readonly [table: 'account' | 'position', row: number, numbers: number[]])[]>();

/** The numbers of all accounts and positions as they stand. */
function numbersOf(state: State): (readonly ['account' | 'position', number, number[]])[] {
  return (['account', 'position'] as const).flatMap((table) =>
    rowsOf(state, table).map(
      (row) => [table, row, NUMBERS[table].map((name) => get(state, table, row, name))] as const,
    ),
  );
}

/** Each account has what the one after it had, as where the rows of another environment stand. */
function otherEnvironment({ state }: FaultScene): void {
  const accounts = rowsOf(state, 'account').slice(FEE_ACCOUNT);
  const balances = accounts.map((account) => getWide(state, 'account', account, 'BALANCE'));
  accounts.forEach((account, place) => {
    putWide(state, 'account', account, 'BALANCE', balances[(place + 1) % balances.length] as number);
  });
  reload(state);
}

/** Bits of balances and sizes flip, of accounts that hold something. */
function rot({ state, accounts, random, market }: FaultScene): void {
  for (let n = 0; n < FLIPS; n++) {
    const account = accounts[random.below(accounts.length)] as number;
    const bit = HIGH_BITS_FROM + random.below(16);
    alter(state, 'account', account, 'BALANCE_LOW', (value) => flipped(value, bit));
  }
  const rows = held(state, market);
  const row = rows[random.below(rows.length)] as number;
  alter(state, 'position', row, 'SIZE', (value) => flipped(value, HIGH_BITS_FROM + random.below(12)));
}

/** Every second position cannot be found any more: the sort order under the index has changed. */
function loseHalf({ state }: FaultScene): void {
  state.index.positions.clear();
  for (const row of rowsOf(state, 'position')) if (row % 2 === 0) state.index.positions.add(state.position, row);
}

/** Parameters that somebody typed for the other site. */
function otherSite({ state, market }: FaultScene): void {
  put(state, 'market', market, 'VENUES', 1);
  alter(state, 'market', market, 'PRICE_BAND', (band) => band / 5);
  alter(state, 'market', market, 'INITIAL_MARGIN', (fraction) => fraction * 3);
  reload(state);
}

export const INFRASTRUCTURE_CASES: readonly Fault[] = [
  {
    // Two orders alike are legal, so that nothing but doubt is possible here: what keeps a second writer out is the journal's lock.
    id: 'C57',
    name: 'two writers: the old process still relays what the new one relays too',
    class: 'III',
    harm: ['trade', 'money'],
    lastsTicks: 6,
    inputs: (inputs) => inputs.flatMap((record) => (RELAYED.has(record.kind) ? [record, relayed(record)] : [record])),
  },
  {
    id: 'C58',
    name: 'a process is ready before its markets are loaded',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state }) => {
      for (const market of markets(state)) {
        for (const column of DERIVED) put(state, 'market', market, column, 0);
        put(state, 'market', market, 'KNOWN', 0);
      }
      reload(state);
    },
  },
  {
    id: 'C59',
    name: 'accounts and positions read from a lagging copy are written back',
    class: 'II',
    harm: ['forced', 'missed', 'money', 'trade', 'stopped'],
    lastsTicks: LAG_TICKS,
    memory: (scene) => {
      const { state } = scene;
      const numbers = lagging.of(scene, () => numbersOf(state));
      if (scene.ticks !== LAG_TICKS - 1) return;
      for (const [table, row, values] of numbers) {
        NUMBERS[table].forEach((name, at) => put(state, table, row, name, values[at] as number));
      }
      reload(state);
    },
  },
  {
    id: 'C60',
    name: 'a cache of accounts is warmed from another environment: each has its neighbour’s balance',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: otherEnvironment,
  },
  {
    id: 'C61',
    name: 'a state of an earlier height is put in place: everything since is undone, and nobody is told',
    class: 'I',
    harm: ['money', 'trade'],
    lastsTicks: LAG_TICKS,
    memory: (scene) => {
      const { state } = scene;
      const names = state
        .tables()
        .map(([name]) => name)
        .filter((name) => name !== 'venue');
      const copies = replica.of(scene, () => copiesOf(state, names));
      if (scene.ticks === LAG_TICKS - 1) writeBack(state, copies);
    },
  },
  {
    id: 'C62',
    name: 'a migration broke off: the second half of the positions is empty',
    class: 'I',
    harm: ['missed', 'money', 'trade'],
    loaded: ({ state }) => {
      const rows = rowsOf(state, 'position');
      for (const row of rows.slice(rows.length / 2)) {
        put(state, 'position', row, 'SIZE', 0);
        putWide(state, 'position', row, 'COST', 0);
        put(state, 'position', row, 'FUNDING_INDEX', 0);
      }
      reload(state);
    },
  },
  {
    id: 'C63',
    name: 'balances and costs went through 32-bit floats',
    class: 'II',
    harm: ['money'],
    loaded: ({ state }) => {
      for (const row of rowsOf(state, 'account')) alter(state, 'account', row, 'BALANCE_LOW', Math.fround);
      for (const row of rowsOf(state, 'position')) alter(state, 'position', row, 'COST_LOW', Math.fround);
      reload(state);
    },
  },
  {
    id: 'C64',
    name: 'times are seconds where milliseconds belong: of the last tick, and of what the oracles say from then on',
    class: 'I',
    harm: ['forced', 'missed', 'money', 'trade'],
    lastsTicks: 16,
    loaded: ({ state, ticks }) => {
      if (ticks !== 0) return;
      for (const market of markets(state)) alter(state, 'market', market, 'TICK_MS', (ms) => Math.floor(ms / 1000));
      reload(state);
    },
    inputs: (inputs) =>
      inputs.map((record) =>
        record.kind === 'oraclePrice'
          ? { ...record, sourceMs: Math.floor((record['sourceMs'] as number) / 1000) }
          : record,
      ),
  },
  {
    id: 'C65',
    name: 'half of the positions are not found any more: the collation under an index has changed',
    class: 'I',
    harm: ['trade', 'money'],
    memory: loseHalf,
  },
  {
    id: 'C67',
    name: 'bits of balances and sizes flip',
    class: 'II',
    harm: ['forced', 'money', 'stopped'],
    loaded: (scene) => {
      rot(scene);
      reload(scene.state);
    },
  },
  {
    id: 'C69',
    name: 'a market has the parameters of another site: typed by hand',
    class: 'I',
    harm: ['forced', 'money', 'trade'],
    loaded: otherSite,
  },
];
