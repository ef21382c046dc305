/** The tables that a history is projected into, with their columns in the order in which rows are written and compared. */

/** How a value is written: whole numbers, floats, digits of wide numbers, text, JSON text, bytes, truth. */
export type ColumnType = 'whole' | 'float' | 'wide' | 'text' | 'json' | 'bytes' | 'truth';

export interface ProjectedTable {
  readonly name: ProjectedName;
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
  /** Columns that tell two rows of one block apart, in the order in which rows stand. */
  readonly order: readonly string[];
}

const PLACE = [
  ['fork', 'whole'],
  ['height', 'whole'],
] as const;
const MOMENT = [...PLACE, ['sequence', 'whole'], ['time_ms', 'whole']] as const;

const DEFINITIONS = {
  command: {
    columns: [
      ...MOMENT,
      ['kind', 'text'],
      ['account', 'whole'],
      ['market', 'whole'],
      ['refusal', 'text'],
      ['bytes', 'bytes'],
    ],
    order: ['sequence'],
  },
  trade: {
    columns: [
      ...MOMENT,
      ['trade', 'whole'],
      ['market', 'whole'],
      ['price_ticks', 'whole'],
      ['size_lots', 'whole'],
      ['taker_sells', 'truth'],
      ['maker_order', 'whole'],
      ['taker_order', 'whole'],
      ['maker_account', 'whole'],
      ['taker_account', 'whole'],
      ['maker_fee', 'whole'],
      ['taker_fee', 'whole'],
      ['maker_profit', 'float'],
      ['taker_profit', 'float'],
    ],
    order: ['trade'],
  },
  order_version: {
    columns: [
      ...PLACE,
      ['order_id', 'whole'],
      ['account', 'whole'],
      ['market', 'whole'],
      ['sells', 'truth'],
      ['kind', 'text'],
      ['instruction', 'text'],
      ['reduce_only', 'truth'],
      ['price_ticks', 'whole'],
      ['trigger_ticks', 'whole'],
      ['size_lots', 'whole'],
      ['remaining_lots', 'whole'],
      ['status', 'text'],
      ['close_reason', 'text'],
      ['client_id', 'text'],
      ['created_ms', 'whole'],
      ['updated_ms', 'whole'],
    ],
    order: ['order_id'],
  },
  position_version: {
    columns: [
      ...PLACE,
      ['account', 'whole'],
      ['market', 'whole'],
      ['size_lots', 'whole'],
      ['cost', 'wide'],
      ['funding_index', 'whole'],
      ['realised_profit', 'wide'],
      ['realised_funding', 'wide'],
    ],
    order: ['account', 'market'],
  },
  balance_version: {
    columns: [...PLACE, ['account', 'whole'], ['balance', 'wide'], ['pending', 'wide'], ['receivable', 'whole']],
    order: ['account'],
  },
  mark_tick: {
    columns: [
      ...MOMENT,
      ['market', 'whole'],
      ['spot', 'whole'],
      ['mark', 'whole'],
      ['fair_basis', 'whole'],
      ['external_fair', 'whole'],
      ['premium_rate', 'whole'],
      ['funding_rate', 'whole'],
      ['funding_index', 'whole'],
    ],
    order: ['sequence', 'market'],
  },
  funding_payment: {
    columns: [
      ...MOMENT,
      ['ordinal', 'whole'],
      ['account', 'whole'],
      ['market', 'whole'],
      ['size_lots', 'whole'],
      ['amount', 'float'],
      ['funding_index', 'whole'],
    ],
    order: ['sequence', 'ordinal'],
  },
  money_movement: {
    columns: [
      ...MOMENT,
      ['ordinal', 'whole'],
      ['kind', 'text'],
      ['account', 'whole'],
      ['other_account', 'whole'],
      ['amount', 'float'],
      ['reference', 'text'],
    ],
    order: ['sequence', 'ordinal'],
  },
  liquidation: {
    columns: [
      ...MOMENT,
      ['account', 'whole'],
      ['share_ppm', 'whole'],
      ['penalty', 'float'],
      ['equity', 'wide'],
      ['maintenance', 'wide'],
    ],
    order: ['sequence'],
  },
  position_taking: {
    columns: [
      ...MOMENT,
      ['ordinal', 'whole'],
      ['account', 'whole'],
      ['market', 'whole'],
      ['size_lots', 'whole'],
      ['mark', 'whole'],
      ['profit', 'float'],
    ],
    order: ['sequence', 'ordinal'],
  },
  setting: {
    columns: [
      ...MOMENT,
      ['ordinal', 'whole'],
      ['kind', 'text'],
      ['market', 'whole'],
      ['name', 'text'],
      ['before', 'float'],
      ['value', 'float'],
    ],
    order: ['sequence', 'ordinal'],
  },
  bar: {
    columns: [
      ...PLACE,
      ['market', 'whole'],
      ['start_ms', 'whole'],
      ['open_ticks', 'whole'],
      ['high_ticks', 'whole'],
      ['low_ticks', 'whole'],
      ['close_ticks', 'whole'],
      ['volume_lots', 'whole'],
      ['trades', 'whole'],
    ],
    order: ['market', 'start_ms'],
  },
  warrant: {
    columns: [
      ...PLACE,
      ['sequence', 'whole'],
      ['ordinal', 'whole'],
      ['id', 'text'],
      ['account', 'whole'],
      ['warrant', 'json'],
    ],
    order: ['sequence', 'ordinal'],
  },
  hold: {
    columns: [
      ...PLACE,
      ['sequence', 'whole'],
      ['ordinal', 'whole'],
      ['kind', 'text'],
      ['account', 'whole'],
      ['market', 'whole'],
      ['component', 'text'],
      ['hold', 'json'],
    ],
    order: ['sequence', 'ordinal'],
  },
  act: {
    columns: [...PLACE, ['sequence', 'whole'], ['ordinal', 'whole'], ['act', 'json']],
    order: ['sequence', 'ordinal'],
  },
} as const satisfies Record<string, Omit<ProjectedTable, 'name'>>;

export type ProjectedName = keyof typeof DEFINITIONS;

/** All of them, in the order in which their rows are written. */
export const PROJECTED_TABLES: readonly ProjectedTable[] = (Object.keys(DEFINITIONS) as ProjectedName[]).map(
  (name) => ({ name, ...DEFINITIONS[name] }),
);
