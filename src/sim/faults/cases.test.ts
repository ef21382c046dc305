import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES, PENDING } from './cases.ts';

const ids = CASES.map(({ id }) => id);

test('every case of the matrix from C01 to C75 runs or is pending by name, none twice', () => {
  assert.equal(new Set(ids).size, ids.length);
  const pending = PENDING.map(({ id }) => id);
  for (let number = 1; number <= 75; number++) {
    const id = `C${String(number).padStart(2, '0')}`;
    assert.notEqual(ids.includes(id), pending.includes(id), id);
  }
});

test('every case strikes somewhere, and says its harm or why there is none anywhere', () => {
  for (const { id, harm, harmless, inputs, memory, loaded, database, operator } of CASES) {
    assert.ok(
      [inputs, memory, loaded, database, operator].some((hook) => hook !== undefined),
      id,
    );
    assert.equal(harm.length === 0, harmless?.always !== undefined, id);
  }
});
