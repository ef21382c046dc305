import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../chain/digest.ts';
import { DEFAULT_POLICY } from './default-policy.ts';
import { policyHash } from './policy-document.ts';
import { decodePolicy, NotAPolicy, policyFault } from './policy-form.ts';

const copy = (): Record<string, unknown> => JSON.parse(JSON.stringify(DEFAULT_POLICY)) as Record<string, unknown>;

test('the published policy survives JSON and has one name', () => {
  const read = decodePolicy(copy());
  assert.deepEqual(read, DEFAULT_POLICY);
  assert.equal(toHex(policyHash(read)), toHex(policyHash(DEFAULT_POLICY)));
  assert.notEqual(toHex(policyHash({ ...read, windfalls: 'P0' })), toHex(policyHash(DEFAULT_POLICY)));
});

test('what is missing, unknown or of another kind is refused by the name of its field', () => {
  for (const field of Object.keys(DEFAULT_POLICY)) {
    const without = copy();
    delete without[field];
    assert.match(policyFault(without) ?? '', new RegExp(`^${field}`), field);
    const { [field]: value } = copy();
    assert.match(policyFault({ ...copy(), [field]: { value } }) ?? '', new RegExp(`^${field}`), field);
  }
  assert.match(policyFault({ ...copy(), extra: 1 }) ?? '', /^extra/);
  assert.match(policyFault({ ...copy(), goodwill: '01' }) ?? '', /^goodwill/);
  assert.match(policyFault({ ...copy(), goodwill: '-1' }) ?? '', /^goodwill/);
  assert.match(policyFault({ ...copy(), netting: 'none' }) ?? '', /^netting/);
  assert.match(policyFault({ ...copy(), bandPpm: 1_000_001 }) ?? '', /^bandPpm/);
  assert.match(policyFault({ ...copy(), paragraphs: [{ number: 2, text: '' }] }) ?? '', /^paragraphs\[0\]/);
  const tiers = { ...DEFAULT_POLICY.tiers, funding: 'T4' };
  assert.match(policyFault({ ...copy(), tiers }) ?? '', /^tiers\.funding/);
  assert.throws(() => decodePolicy(null), NotAPolicy);
});
