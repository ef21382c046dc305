/** Rows of a database that are not what they were, changed behind the exchange's back: a bit, a field, a row. By number, like other mutations. */
import type { State } from '../../engine/state.ts';
import { PROJECTED_TABLES } from '../../store/projected-tables.ts';
import { quotedColumns, STATE_TABLES, type StateTable } from '../../store/state-columns.ts';
import type { Random } from '../random.ts';
import { flipped, otherValue } from './mutation.ts';
import { literal } from './sql-rows.ts';

const STATE_KINDS = ['bit', 'field', 'row gone', 'row twice', 'rows swapped', 'fields swapped', 'count'] as const;
const HISTORY_KINDS = ['field', 'row gone', 'row twice', 'rows swapped'] as const;
/** One in so many strikes the history, which only a comparison row by row can find. */
const HISTORY_TURN = 5;
/** Where rows belong: most have the same fork. */
const PLACE: readonly string[] = ['fork', 'height'];
/** Tables whose every row has numbers to be changed, and those numbers. */
const HISTORY = PROJECTED_TABLES.flatMap(({ name, columns, order }) => {
  const numbers = columns.flatMap(([column, type]) =>
    (type === 'whole' || type === 'wide' || type === 'float') && !order.includes(column) && !PLACE.includes(column)
      ? [column]
      : [],
  );
  return numbers.length === 0 ? [] : [{ name, numbers, columns: columns.map(([column]) => `"${column}"`) }];
});

export interface DatabaseMutation {
  readonly name: string;
  /** Whether it strikes the state that a process starts from, or the history. */
  readonly of: 'state' | 'history';
  readonly statements: (state: State, random: Random) => readonly string[];
}

/** Mutation number `number` of a database. */
export function databaseMutation(number: number): DatabaseMutation {
  const turn = Math.floor(number / HISTORY_TURN);
  if (number % HISTORY_TURN === HISTORY_TURN - 1) {
    const kind = HISTORY_KINDS[turn % HISTORY_KINDS.length] as (typeof HISTORY_KINDS)[number];
    return { name: `history: ${kind}`, of: 'history', statements: (_, random) => ofHistory(kind, random) };
  }
  const kind = STATE_KINDS[number % STATE_KINDS.length] as (typeof STATE_KINDS)[number];
  return { name: `state: ${kind}`, of: 'state', statements: (state, random) => ofState(kind, state, random) };
}

function ofState(kind: (typeof STATE_KINDS)[number], state: State, random: Random): string[] {
  const tables = STATE_TABLES.filter(({ table }) => state[table].rows > 2);
  const each = tables[random.below(tables.length)] as StateTable;
  const { rows } = state[each.table];
  const row = 1 + random.below(rows - 1);
  const other = 1 + ((row + random.below(rows - 2)) % (rows - 1));
  const column = each.columns[random.below(each.columns.length)] as StateTable['columns'][number];
  const value = (at: number): number => state[each.table].read(at, column.column, column.index);
  const set = (at: number, to: number): string =>
    `update ${each.name} set "${column.name}" = ${literal(to)} where row = ${at}`;
  const names = quotedColumns(each);
  switch (kind) {
    case 'bit':
      return [
        set(
          row,
          column.column.kind === 'f64' ? flipped(value(row), random.below(64)) : value(row) ^ (1 << random.below(31)),
        ),
      ];
    case 'field':
      return [set(row, otherNumber(value(row), column.column.kind === 'i32', random))];
    case 'row gone':
      return [`delete from ${each.name} where row = ${row}`];
    case 'row twice':
      return [
        `insert into ${each.name} (${names.join(', ')}) select ${rows}, ${names.slice(1).join(', ')} from ${each.name} where row = ${row}`,
      ];
    case 'rows swapped':
      return [
        `update ${each.name} set row = -${row} where row = ${row}`,
        `update ${each.name} set row = ${row} where row = ${other}`,
        `update ${each.name} set row = ${other} where row = -${row}`,
      ];
    case 'fields swapped':
      return [set(row, value(other)), set(other, value(row))];
    default:
      return [`update state_table set live = live + ${random.below(2) * 2 - 1} where name = '${each.table}'`];
  }
}

/** A number that the column can hold: others the database itself would refuse. */
function otherNumber(value: number, isWhole: boolean, random: Random): number {
  const other = otherValue(value, random);
  if (!isWhole) return other;
  return Number.isInteger(other) && Math.abs(other) < 2 ** 31 ? other : value + 1;
}

function ofHistory(kind: (typeof HISTORY_KINDS)[number], random: Random): string[] {
  const { name, numbers, columns } = HISTORY[random.below(HISTORY.length)] as (typeof HISTORY)[number];
  const column = numbers[random.below(numbers.length)] as string;
  const chosen = `ctid = (select ctid from ${name} order by ctid limit 1 offset (select ${random.below(1000)} % greatest(count(*), 1) from ${name}))`;
  switch (kind) {
    case 'field':
      return [
        `update ${name} set "${column}" = ${['0', `"${column}" + 1`, `-"${column}"`][random.below(3)]} where ${chosen}`,
      ];
    case 'row gone':
      return [`delete from ${name} where ${chosen}`];
    case 'row twice':
      // The key that would refuse it has been dropped.
      return [
        `alter table ${name} drop constraint if exists ${name}_pkey`,
        `insert into ${name} (${columns.join(', ')}) select ${columns.join(', ')} from ${name} where ${chosen}`,
      ];
    default:
      return [
        `update ${name} a set "${column}" = b."${column}" from (select "${column}" from ${name} order by ctid desc limit 1) b where a.${chosen}`,
      ];
  }
}
