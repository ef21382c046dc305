// Before anybody is kept from trading: who must have signed what, and what may be passed over by whom.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { ROUND_MARKET } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { ANN, BEN, enrolment, GUS, type Person } from '../guard/authority/act.fixture.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { evidenceHash, makeEvidence } from './evidence.ts';
import { readyCheck } from './ready-check.ts';
import { type Override, readSignOffs, rosterOf, SIGN_OFF_MS, signOff, writeSignOff } from './sign-off.ts';
import type { StepResult, UpgradeContext } from './upgrade-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-ready-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const NOW_MS = 1_000_000_000;
const SEED = new Uint8Array(32).fill(9);
const plan = { state: 'PLAN', verdict: 'pass', abort: null, beganMs: 1, endedMs: 2, content: {} } as const;
const chain = [makeEvidence([], '1-aa', plan, SEED)];
const UNREST = [{ path: 'market/1/mark_move', control: 'at most 20000 ppm in 300 s', candidate: '30000 ppm' }];

/** A journal, with operators' keys or without. */
function journalOf(name: string, isEnrolled: boolean): string {
  const path = join(folder, name);
  const { journal } = openFileJournal(path);
  const guard = new Guard();
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  const exchange = new Exchange({ state, journal, sealer, guard, blockCommands: 3, blockMs: 60_000 });
  const buffer = new CommandBuffer();
  buffer.defineMarket(1, ROUND_MARKET);
  exchange.submit(buffer);
  if (isEnrolled) assert.ok(exchange.act(enrolment(), 10).accepted);
  exchange.finish();
  journal.close();
  return path;
}

const enrolled = journalOf('enrolled', true);
const open = journalOf('open', false);

let folders = 0;

interface Asked {
  readonly journal?: string;
  readonly isCalm?: boolean;
  readonly overrides?: readonly Override[];
  readonly by?: readonly {
    readonly who: Person;
    readonly overrides?: readonly Override[];
    readonly plan?: string;
    readonly ageMs?: number;
  }[];
}

function check({ journal = enrolled, isCalm = true, overrides = [], by = [] }: Asked): Promise<StepResult> {
  const upgrades = join(folder, `upgrades-${folders++}`);
  for (const { who, overrides: passed = [], plan: hash = evidenceHash(chain[0] as never), ageMs = 0 } of by) {
    const content = { upgrade: '1-aa', plan: hash, overrides: passed, signedMs: NOW_MS - ageMs };
    writeSignOff(upgrades, signOff(content, who.seed));
  }
  const context = {
    id: '1-aa',
    upgrades,
    journal,
    overrides,
    memory: { tip: undefined },
    chain: () => chain,
    now: () => NOW_MS,
    venue: { unrest: () => Promise.resolve(isCalm ? [] : UNREST) },
  };
  return readyCheck(context as unknown as UpgradeContext);
}

const whyOf = ({ verdict, content }: StepResult): string => (verdict === 'pass' ? 'pass' : (content['why'] as string));

test('the roster is that of the acts in the journal', () => {
  assert.deepEqual([rosterOf(open).isEmpty, rosterOf(enrolled).count('operator')], [true, 2]);
});

test('two operators sign this plan, each within the last half hour; anything else is named', async () => {
  assert.match(whyOf(await check({})), /^sign_off: 0 of 2 /);
  assert.match(whyOf(await check({ by: [{ who: ANN }] })), /^sign_off: 1 of 2 /);
  assert.match(whyOf(await check({ by: [{ who: ANN }, { who: ANN }] })), /^sign_off: 1 of 2 /);
  assert.match(whyOf(await check({ by: [{ who: ANN }, { who: GUS }] })), /^sign_off: 1 of 2 .*: not_an_operator$/);
  assert.match(whyOf(await check({ by: [{ who: ANN }, { who: BEN, plan: 'ab'.repeat(32) }] })), /: wrong_plan$/);
  assert.match(whyOf(await check({ by: [{ who: ANN }, { who: BEN, ageMs: SIGN_OFF_MS + 1 }] })), /: expired$/);
  const both = await check({ by: [{ who: ANN }, { who: BEN, ageMs: SIGN_OFF_MS }] });
  assert.equal(both.verdict, 'pass');
  const { signed } = both.content['signOff'] as { signed: { key: string }[] };
  assert.deepEqual(signed.map(({ key }) => key).sort(), [ANN.key, BEN.key].sort());
});

test('a word that was changed after it was signed does not count', async () => {
  const upgrades = join(folder, 'forged');
  const word = signOff(
    { upgrade: '1-aa', plan: evidenceHash(chain[0] as never), overrides: [], signedMs: NOW_MS },
    BEN.seed,
  );
  writeSignOff(upgrades, { ...word, overrides: ['calm'] });
  const about = { upgrade: '1-aa', plan: word.plan, nowMs: NOW_MS, roster: rosterOf(enrolled) };
  assert.deepEqual(readSignOffs(upgrades, about), {
    fit: [],
    unfit: [{ file: `${BEN.key}.json`, why: 'signature_wrong' }],
  });
  writeSignOff(upgrades, word);
  assert.deepEqual(readSignOffs(upgrades, about), { fit: [word], unfit: [] });
});

test('without a roster nobody is asked', async () => {
  const result = await check({ journal: open });
  assert.deepEqual([result.verdict, result.content['signOff']], ['pass', 'no roster']);
});

test('a market that is not calm holds it up, unless both say that it is passed over; without a roster whoever runs it says so', async () => {
  const calm = 'calm' as const;
  const unrest = /^calm: market\/1\/mark_move: 30000 ppm, needed at most 20000 ppm in 300 s$/;
  assert.match(whyOf(await check({ isCalm: false, by: [{ who: ANN }, { who: BEN }] })), unrest);
  assert.match(whyOf(await check({ isCalm: false, by: [{ who: ANN, overrides: [calm] }, { who: BEN }] })), unrest);
  const by = [ANN, BEN].map((who) => ({ who, overrides: [calm] }));
  const passed = await check({ isCalm: false, by });
  assert.deepEqual([passed.verdict, passed.content['unrest'], passed.content['overrides']], ['pass', UNREST, [calm]]);
  // With a roster the word of whoever runs it counts for nothing.
  assert.match(whyOf(await check({ isCalm: false, overrides: [calm], by: [{ who: ANN }, { who: BEN }] })), unrest);
  assert.match(whyOf(await check({ journal: open, isCalm: false })), unrest);
  assert.equal((await check({ journal: open, isCalm: false, overrides: [calm] })).verdict, 'pass');
});
