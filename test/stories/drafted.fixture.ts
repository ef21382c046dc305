/** A record without a guard, and a case over it that is drafted and can be paid: for tests. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DirectRoots } from '../../src/chain/roots.ts';
import { writeKeyFile } from '../../src/cli/key-file.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { INSURANCE_FUND } from '../../src/engine/state.ts';
import { Exchange } from '../../src/exchange/exchange.ts';
import { recover } from '../../src/exchange/recover.ts';
import { type Person, ROSTER } from '../../src/guard/authority/act.fixture.ts';
import { writeCaseFolder } from '../../src/incident/case-folder.ts';
import { type Draft, draftIncident } from '../../src/incident/draft.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { caseOf, falsePrices, tradeWrongly, type Venue } from './incident.fixture.ts';

const SECRET = new Uint8Array(32).fill(5);

export interface Answer {
  readonly code: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export async function makewhole(...words: readonly string[]): Promise<Answer> {
  const streams = memoryStreams();
  const code = await runProgram([...words, '--json'], streams);
  return { code, json: JSON.parse(streams.stdout.text === '' ? '{}' : streams.stdout.text) as Answer['json'] };
}

/** The venue's record in a folder of its own, as a run without a guard; its fund gets what it needs. */
function recorded(folder: string, { journal: from }: Venue): void {
  const { journal } = openFileJournal(folder);
  copyInto(from, journal);
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  const exchange = new Exchange({ state, journal, sealer, blockCommands: 1 << 16, blockMs: 60_000 });
  const deposit = new CommandBuffer();
  const [reference, amount] = [1e9, 2 ** 50];
  deposit.deposit(exchange.timeMs, INSURANCE_FUND, amount, reference);
  exchange.submit(deposit);
  exchange.finish();
  journal.close();
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ madeBy: 'run', guard: 'off' }));
}

function copyInto(from: Journal, to: Journal): void {
  for (const entry of from.entries()) {
    if (entry.kind === 'block') to.appendBlock(entry.block);
    else to.append(entry);
  }
  to.sync();
}

export interface Story {
  readonly folder: string;
  readonly day: string;
  readonly remedy: string;
  readonly draft: Draft;
  /** A key file of a person. */
  readonly key: (who: Person) => string;
}

/** A drafted case in `folder/case` of the record in `folder/day`. */
export function drafted(folder: string): Story {
  const day = join(folder, 'day');
  const venue = tradeWrongly({ falsify: falsePrices(2, 240, 252, 860_000) }, { seed: 3, ticks: 290, accounts: 150 });
  recorded(day, venue);
  const { journal } = openFileJournal(day);
  const incident = caseOf({ ...venue, journal: journal as unknown as Venue['journal'] });
  const { state: start } = stateAtBlock(journal, incident.from.height);
  const roots = new DirectRoots(sha256);
  const draft = draftIncident({ incident, history: journal, start, hash: sha256, roots, secret: SECRET });
  journal.close();
  if ('finding' in draft) throw new Error(`${draft.finding}: ${draft.about}`);
  const remedy = join(folder, 'case');
  writeCaseFolder(remedy, incident, draft, SECRET);
  const key = (who: Person): string => {
    const file = join(folder, `${who.key.slice(0, 8)}.key`);
    rmSync(file, { force: true });
    writeKeyFile(file, who);
    return file;
  };
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(ROSTER));
  return { folder, day, remedy, draft, key };
}
