/**
 * What may be done at a price, by how good the price is: the one table of it. Forced actions ask for more than voluntary ones,
 * because nobody chose them: a trader may trade at a price that is the only one there is, and may not be liquidated at it.
 */

/**
 * valid: a quorum of fresh sources agrees. flat: they do, and have not moved by a unit while others did (class III). thin: too few
 * of them, or one family alone, and the own book does not contradict (class III). alone: one source that nothing confirms.
 * disputed: sources disagree. stale: none is fresh. absent: there never was one. broken: the market is in quarantine.
 */
export const VALIDITIES = ['valid', 'flat', 'thin', 'alone', 'disputed', 'stale', 'absent', 'broken'] as const;
export type Validity = (typeof VALIDITIES)[number];

/** What people ask for, what is forced on them, and a step up of a reopening. */
export const ACTIONS = [
  ...(['place', 'reduce', 'cancel', 'withdraw', 'transfer'] as const),
  ...(['trigger', 'liquidate', 'forceCancel', 'settle', 'reopen'] as const),
] as const;
export type Action = (typeof ACTIONS)[number];

/** allow: it happens. slow: it happens after the grace, flagged. hold: it does not happen while the price is so. */
const CELLS = ['allow', 'slow', 'hold'] as const;
export type Cell = (typeof CELLS)[number];

/** The table as it is read: a row for each validity, a column for each action. */
export const VALIDITY_TABLE = `
            place  reduce  cancel  withdraw  transfer  trigger  liquidate  forceCancel  settle  reopen
  valid     allow  allow   allow   allow     allow     allow    allow      allow        allow   allow
  flat      allow  allow   allow   allow     allow     slow     slow       slow         slow    hold
  thin      allow  allow   allow   allow     allow     slow     slow       slow         slow    hold
  alone     allow  allow   allow   allow     allow     hold     hold       hold         hold    hold
  disputed  allow  allow   allow   hold      hold      hold     hold       hold         hold    hold
  stale     allow  allow   allow   allow     allow     hold     hold       hold         hold    hold
  absent    allow  allow   allow   allow     allow     hold     hold       hold         hold    hold
  broken    hold   allow   allow   hold      hold      hold     hold       hold         hold    hold
`;

const words = (line: string): string[] => line.trim().split(/ +/);

/** Cells by validity, in the order of the columns. Refuses (throws) a table that is not whole. */
export function readTable(text: string): ReadonlyMap<string, readonly Cell[]> {
  const [head = '', ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  if (words(head).join() !== ACTIONS.join()) throw new RangeError(`the columns are not ${ACTIONS.join(' ')}`);
  const table = new Map<string, readonly Cell[]>();
  for (const row of rows) {
    const [validity = '', ...cells] = words(row);
    const isWhole =
      cells.length === ACTIONS.length && cells.every((cell) => (CELLS as readonly string[]).includes(cell));
    if (!isWhole) throw new RangeError(`the row ${validity} is not whole`);
    table.set(validity, cells as Cell[]);
  }
  if ([...table.keys()].join() !== VALIDITIES.join()) throw new RangeError(`the rows are not ${VALIDITIES.join(' ')}`);
  return table;
}

const TABLE = readTable(VALIDITY_TABLE);

/** What the table says of an action at a price of this validity. */
export function cellOf(validity: Validity, action: Action): Cell {
  return (TABLE.get(validity) as readonly Cell[])[ACTIONS.indexOf(action)] as Cell;
}
