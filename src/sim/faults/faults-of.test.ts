import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CASES } from './cases.ts';
import { faultsOf } from './faults-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-faults-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function moduleOf(text: string): string {
  const file = join(folder, `${++files}.mjs`);
  writeFileSync(file, text);
  return pathToFileURL(file).href;
}

const GOOD = `{ id: 'x', name: 'y', class: 'I', harm: ['money'], memory() {} }`;

describe('faultsOf', () => {
  test('the built-in cases have different ids', async () => {
    assert.equal(await faultsOf(undefined), CASES);
    assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length);
  });

  test('a module may export a list, or faults by any name', async () => {
    assert.equal((await faultsOf(moduleOf(`export const faults = [${GOOD}]`)))[0]?.id, 'x');
    assert.equal((await faultsOf(moduleOf(`export const one = ${GOOD}; export const other = 3`))).length, 1);
  });

  for (const [what, text, says] of [
    ['no fault', 'export const a = 1', /exports no fault/],
    ['no module', 'export const', /./],
    ['two of one name', `export const faults = [${GOOD}, ${GOOD}]`, /two faults are called x/],
    [
      'an unknown harm',
      `export const faults = [{ id: 'x', name: 'y', class: 'I', harm: ['grief'], memory() {} }]`,
      /harm/,
    ],
    [
      'a class that is none',
      `export const faults = [{ id: 'x', name: 'y', class: 'IV', harm: [], memory() {} }]`,
      /class/,
    ],
    ['one that does nothing', `export const faults = [{ id: 'x', name: 'y', class: 'I', harm: [] }]`, /does nothing/],
    [
      'half a tick',
      `export const faults = [{ id: 'x', name: 'y', class: 'I', harm: [], lastsTicks: 0.5, memory() {} }]`,
      /lastsTicks/,
    ],
  ] as const) {
    test(`refuses ${what} by name`, async () => {
      await assert.rejects(faultsOf(moduleOf(text)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'bad_fault_file');
        assert.match(error.message, says);
        return true;
      });
    });
  }
});
