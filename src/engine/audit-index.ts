/** Audit of what is derived: books, trigger books and hashes are what they would be if they were built anew. */
import type { Findings } from './audit-finding.ts';
import type { Book } from './book.ts';
import { TICK_LIMIT } from './ladder.ts';
import { marketCount, State } from './state.ts';
import { StateIndex } from './state-index.ts';
import { ACCOUNT, CLIENT_ID, POSITION, REFUND } from './tables.ts';
import type { TriggerBook } from './trigger-book.ts';

/** The same tables with an index built from them. */
function rebuilt(state: State): State {
  const copy = Object.assign(Object.create(State.prototype) as State, state, {
    index: new StateIndex(state.position.rows),
  });
  copy.index.restore(copy);
  return copy;
}

/** Compares the index with a rebuilt one, and checks that no book is crossed. */
export function auditIndex(state: State, findings: Findings): void {
  const anew = rebuilt(state);
  for (let market = 1; market <= marketCount(state); market++) {
    const expect = (column: string, actual: number | undefined, expected: number): void =>
      findings.expect('derived_index', 'market', market, column, actual, expected);
    const book = state.index.books[market] as Book;
    const expected = anew.index.books[market] as Book;
    expect('best bid', book.bestBid, expected.bestBid);
    expect('best ask', book.bestAsk, expected.bestAsk);
    if (expected.bestBid >= expected.bestAsk) {
      findings.add('crossed_book', 'market', market, 'PRICE', `bid ${expected.bestBid}, ask ${expected.bestAsk}`);
    }
    auditLadder(book, expected, market, findings);
    auditTriggers(state, anew, market, findings);
    expect('bottom of the band', state.index.bands[market * 2], anew.index.bands[market * 2] as number);
    expect('top of the band', state.index.bands[market * 2 + 1], anew.index.bands[market * 2 + 1] as number);
    expect('FUNDING_INDEX', state.index.fundingIndexes[market], anew.index.fundingIndexes[market] as number);
  }
  auditHashes(state, findings);
}

function auditLadder(book: Book, expected: Book, market: number, findings: Findings): void {
  for (let tick = 1; tick < TICK_LIMIT; tick++) {
    const found = book.ladder.above(tick);
    tick = expected.ladder.above(tick);
    findings.expect('derived_index', 'market', market, 'occupied tick', found, tick);
    if (found !== tick || tick >= TICK_LIMIT) return;
    findings.expect('derived_index', 'market', market, 'head', book.ladder.head(tick), expected.ladder.head(tick));
    findings.expect('derived_index', 'market', market, 'tail', book.ladder.tail(tick), expected.ladder.tail(tick));
  }
}

function auditTriggers(state: State, anew: State, market: number, findings: Findings): void {
  const waiting = (of: State): number[] => {
    const rows: number[] = [];
    (of.index.triggers[market] as TriggerBook).forEachDue(of.order, TICK_LIMIT - 1, 1, (row) => rows.push(row));
    return rows;
  };
  const actual = waiting(state);
  const expected = waiting(anew);
  if (actual.join() !== expected.join()) {
    findings.add(
      'derived_index',
      'market',
      market,
      'triggers',
      `orders ${actual.join()}, should be ${expected.join()}`,
    );
  }
}

/** Each position, live client id and account key is found where it is: so there are no two of a kind. */
function auditHashes(state: State, findings: Findings): void {
  const { position, clientId, accountKey, index } = state;
  for (let row = 1; row < position.rows; row++) {
    const account = position.i32[row * 32 + POSITION.ACCOUNT] as number;
    const market = position.i32[row * 32 + POSITION.MARKET] as number;
    findings.expect('unique', 'position', row, 'ACCOUNT', index.positions.find(position, account, market), row);
  }
  for (let row = 1; row < clientId.rows; row++) {
    const at = row * 32;
    const length = clientId.i32[at + CLIENT_ID.LENGTH] as number;
    if (length === 0) continue;
    const account = clientId.i32[at + CLIENT_ID.ACCOUNT] as number;
    const found = index.clientIds.find(clientId, account, length, clientId.i32, at + CLIENT_ID.TEXT);
    findings.expect('unique', 'clientId', row, 'TEXT', found, row);
  }
  for (let row = 1; row < state.refund.rows; row++) {
    const found = index.refunds.find(state.refund, state.refund.i32, row * 8 + REFUND.ID);
    findings.expect('unique', 'refund', row, 'ID', found, row);
  }
  for (let row = 3; row < accountKey.rows; row++) {
    findings.expect(
      'unique',
      'accountKey',
      row,
      'KEY',
      index.accountKeys.find(accountKey, accountKey.i32, row * 8),
      row,
    );
  }
}

/** Every position is in the list of its account, once. */
export function auditAccounts(state: State, findings: Findings): void {
  const { position, account } = state;
  let listed = 0;
  for (let row = 1; row < account.rows; row++) {
    let at = account.i32[row * 16 + ACCOUNT.FIRST_POSITION] as number;
    for (; at !== 0; at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
      listed++;
      if (position.i32[at * 32 + POSITION.ACCOUNT] !== row || listed >= position.rows) {
        findings.add('own_positions', 'account', row, 'FIRST_POSITION', `position ${at} does not belong in the list`);
        return;
      }
    }
  }
  findings.expect('own_positions', 'account', 0, 'FIRST_POSITION', listed, position.rows - 1);
}
