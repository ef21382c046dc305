// The claims of a case in the database: checked, loaded once, compared, and shown beside what the journal says was paid.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ANN, BEN } from '../../src/guard/authority/act.fixture.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { CaseFolder } from '../../src/incident/case-folder.ts';
import { leafOf } from '../../src/remedy/receipt.ts';
import { rootOf } from '../../src/remedy/refund-tree.ts';
import { fromHex, toHex } from '../../src/chain/digest.ts';
import type { Database } from '../../src/store/database.ts';
import { openPglite } from '../../src/store/pglite-database.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { drafted, makewhole, type Story } from './drafted.fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'makewhole-cases-'));
let story: Story;
let server: TestServer;
let url: string;

before(async () => {
  story = drafted(root);
  server = await startPostgres();
  url = await server.createDatabase('cases');
});
after(async () => {
  await server.stop();
  rmSync(root, { recursive: true });
});

const places = {
  pglite: () => ['--data-dir', join(root, 'venue')],
  postgres: () => ['--database', url],
};

/** Claims of the case that are due something, in the order of their accounts. */
function due(): [account: number, paid: string][] {
  const { claims } = story.draft.claims;
  return claims.flatMap(({ account, statement: { paid } }) =>
    paid === '0' ? [] : [[account, paid] as [number, string]],
  );
}

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`claims on ${engine}`, () => {
    const store = (name: string, ...more: readonly string[]) => makewhole('store', name, ...places[engine](), ...more);
    const cases = (...more: readonly string[]) => store('cases', '--case', story.remedy, ...more);
    const audit = () => store('audit', '--journal', story.day, '--case', story.remedy);

    async function on<T>(work: (database: Database) => Promise<T>): Promise<T> {
      const database =
        engine === 'postgres' ? await openPostgres(url) : await openPglite(join(root, 'venue', 'database'));
      try {
        return await work(database);
      } finally {
        await database.close();
      }
    }
    const rows = (text: string) => on((database) => database.query<Record<string, unknown>>(text));

    test('a database without the history has no place for them; with it they are loaded once, every one', async () => {
      assert.deepEqual((await cases()).json['error'], 'database_empty');
      assert.equal((await store('rebuild', '--journal', story.day)).code, 0);
      const missing = await audit();
      assert.deepEqual(
        [missing.code, String(missing.json['caseDifference']).startsWith('incident_document/')],
        [1, true],
      );
      const loaded = await cases();
      const { dossier, claims, roots } = story.draft;
      const count = claims.claims.length;
      assert.deepEqual([loaded.code, loaded.json['loaded'], loaded.json['rows']], [0, true, count + 1]);
      assert.deepEqual(loaded.json['incident'], roots.incident);
      const again = await cases();
      assert.deepEqual([again.code, again.json['rows']], [0, 0]);
      const equal = await audit();
      assert.deepEqual([equal.code, equal.json['equal'], equal.json['caseDifference']], [0, true, null]);
      const [asOf] = await rows('select height, fork from as_of');
      assert.deepEqual(loaded.json['asOf'], asOf);
      assert.deepEqual(equal.json['asOf'], asOf);
      const [incident] = await rows('select * from incident');
      const { from, to } = dossier.case;
      assert.deepEqual([incident?.['fork'], incident?.['height']], [to.fork, to.height]);
      assert.deepEqual(await rows('select distinct fork, height from claim'), [{ fork: to.fork, height: to.height }]);
      assert.deepEqual(
        [incident?.['status'], incident?.['trusted_height'], incident?.['claims'], incident?.['refund_root']],
        ['drafted', from.height, count, roots.refundRoot],
      );
      assert.deepEqual([incident?.['refund'], incident?.['payable']], [roots.total, story.draft.effect.total]);
      const open = await rows("select account, payable from claim where status = 'open' order by account");
      assert.deepEqual(
        open.map(({ account, payable }) => [account, payable]),
        due(),
      );
      const causes = await rows(
        `select account, sum((cause ->> 'amount')::numeric)::text as sum, difference::text
          from claim, json_array_elements(causes) cause group by account, difference`,
      );
      assert.ok(causes.length > 0 && causes.every(({ sum, difference }) => sum === difference));
    });

    test('a claim’s leaf is that of its receipt, which leads to the published root', async () => {
      const folder = new CaseFolder(story.remedy);
      const [[payee] = []] = due();
      const receipt = folder.receipt(payee as number);
      assert.ok(receipt !== undefined && verifyReceipt(receipt, folder.roots).every(({ holds }) => holds));
      const leaf = leafOf(fromHex(folder.roots.incident), receipt.index, fromHex(receipt.salt), receipt.statement);
      assert.deepEqual(await rows(`select leaf from claim where account = ${payee}`), [
        { leaf: toHex(rootOf(leaf, [])) },
      ]);
    });

    test('a row that was changed by hand is named, is not written over unasked, and is put right when it is', async () => {
      const [[payee, paid] = []] = due();
      await rows(`update claim_document set payable = payable + 1 where account = ${payee}`);
      const named = `claim_document/round 1 account ${payee}/payable: case ${paid}, database ${BigInt(paid as string) + 1n}`;
      const found = await audit();
      assert.deepEqual([found.code, found.json['equal'], found.json['caseDifference']], [1, false, named]);
      const refused = await cases();
      assert.deepEqual([refused.code, refused.json['refusal'], refused.json['about']], [1, 'rows_differ', named]);
      await rows(`delete from claim_document where account <> ${payee}`);
      assert.equal((await cases('--replace')).json['loaded'], true);
      assert.deepEqual((await audit()).json['caseDifference'], null);
    });

    // What is refused is decided before the engine has a part in it; the embedded one takes seconds each time that it is opened.
    const isOnce = { skip: engine === 'pglite' && 'on the server alone' };
    test(
      'a folder that contradicts itself, and one of another history, are refused by name and write nothing',
      isOnce,
      async () => {
        const before = await rows('select * from incident_document');
        for (const [file, change, what] of [
          [
            'claims.jsonl',
            (text: string) => text.replace(/"reason":"EVEN"/, '"reason":"OUTSIDE_POLICY"'),
            'refundRoot',
          ],
          ['case.json', (text: string) => text.replace('"reason":"', '"reason":"not '), 'the case is'],
          ['secret.hex', (text: string) => text.replace(/^../, 'ff'), 'refundRoot'],
        ] as const) {
          const path = join(story.remedy, file);
          const text = readFileSync(path, 'utf8');
          assert.notEqual(change(text), text, file);
          writeFileSync(path, change(text));
          const refused = await cases('--replace');
          writeFileSync(path, text);
          assert.deepEqual([refused.code, refused.json['refusal']], [1, 'case_differs'], file);
          assert.match(String(refused.json['about']), new RegExp(what), file);
        }
        const { height } = story.draft.dossier.case.from;
        await rows(`update block set state_root = decode(repeat('00', 32), 'hex') where height = ${height}`);
        assert.equal((await cases('--replace')).json['refusal'], 'other_history');
        await rows('delete from state_head');
        await rows(`delete from block where height >= ${height}`);
        assert.equal((await cases('--replace')).json['refusal'], 'block_missing');
        assert.equal((await store('rebuild', '--journal', story.day)).code, 0);
        await rows(
          `insert into upgrade (id, migration, migration_hash, began_ms, state, is_active) values ('up', '9-x', '', 0, 'PLAN', true)`,
        );
        assert.equal((await cases('--replace')).json['refusal'], 'upgrade_active');
        await rows('delete from upgrade');
        assert.deepEqual(await rows('select * from incident_document'), before, 'a rebuild leaves them');
        assert.deepEqual((await audit()).json['caseDifference'], null);
      },
    );
  });
}

test('when the round is paid, the database says so of every claim', async () => {
  const { day, remedy, key } = story;
  for (const who of [ANN, BEN]) {
    const { code } = await makewhole('incident', 'approve', '--folder', remedy, '--journal', day, '--key', key(who));
    assert.equal(code, 0);
  }
  const keys = join(root, 'keys.json');
  const paid = await makewhole('incident', 'pay', '--folder', remedy, '--journal', day, '--keys', keys);
  assert.deepEqual([paid.code, paid.json['paid']], [0, true], JSON.stringify(paid.json));
  for (const place of Object.values(places)) {
    const { code } = await makewhole('store', 'catch-up', ...place(), '--journal', day);
    assert.equal(code, 0);
  }
  for (const open of [() => openPostgres(url), () => openPglite(join(root, 'venue', 'database'))]) {
    const database = await open();
    const claims = await database.query("select account, posted from claim where status = 'paid' order by account");
    const rest = await database.query("select 1 from claim where status not in ('paid', 'nothing_due')");
    const [incident] = await database.query('select status, posted, set_aside from incident');
    await database.close();
    assert.deepEqual(
      claims.map(({ account, posted }) => [account, posted]),
      due(),
    );
    assert.deepEqual([rest, incident], [[], { status: 'paid', posted: story.draft.effect.total, set_aside: '0' }]);
  }
});
