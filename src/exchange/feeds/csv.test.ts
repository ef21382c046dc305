import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { splitFields } from './csv.ts';

const at = { file: 'a.csv', line: 7 };

test('fields with commas and quotes come back as they were', () => {
  assert.deepEqual(splitFields('a,"1,000 ETH",,"say ""so"""', at, 4), ['a', '1,000 ETH', '', 'say "so"']);
  const fields = fc.array(
    fc.string().filter((text) => !/[\r\n]/.test(text)),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(fields, (values) => {
      const line = values.map((value) => `"${value.replaceAll('"', '""')}"`).join(',');
      assert.deepEqual(splitFields(line, at), values);
    }),
  );
});

test('a wrong number of fields and a broken quote are errors with the line', () => {
  assert.throws(() => splitFields('a,b', at, 3), {
    code: 'bad_row',
    line: 7,
    message: 'a.csv:7: 3 columns expected, 2 found',
  });
  assert.throws(() => splitFields('', at, 3), {
    code: 'bad_row',
    message: 'a.csv:7: 3 columns expected, the line is empty',
  });
  for (const line of ['a,"b', 'a,"b"c', 'a"b,c', '"'])
    assert.throws(() => splitFields(line, at), { code: 'bad_row' }, line);
});
