import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textTable } from './table.ts';

test('columns are as wide as their widest cell and lean as told', () => {
  const rows = [
    ['market', 'fills', 'note'],
    ['BTC-USD-PERP', '1,234', 'quiet'],
    ['PAXG-USD-PERP', '7', ''],
  ];
  assert.equal(
    textTable(rows, ['left', 'right']),
    ['market         fills  note', 'BTC-USD-PERP   1,234  quiet', 'PAXG-USD-PERP      7'].join('\n'),
  );
});

test('no rows make no text', () => {
  assert.equal(textTable([]), '');
});

test('a row that does not fit the heading throws', () => {
  assert.throws(() => textTable([['a', 'b'], ['1']]), /1 cells, the heading 2/);
});
