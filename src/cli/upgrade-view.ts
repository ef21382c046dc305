// `makewhole upgrade status` and `evidence`: what was done, checked and found, by the documents.
import type { Command } from 'commander';
import { type Evidence, evidenceHash } from '../upgrade/evidence.ts';
import { isOver, outcomeOf } from '../upgrade/procedure.ts';
import { numberOf, UpgradeFiles, upgradesIn } from '../upgrade/upgrade-files.ts';
import { recordedHashes } from '../upgrade/upgrade-record.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';
import { type PlaceOptions, upgradesFolder, worldOf } from './upgrade-place.ts';

interface ViewOptions extends PlaceOptions {
  readonly id?: string;
  readonly publicKey?: string;
}

/** Adds `upgrade status` and `upgrade evidence`. They change nothing. */
export function registerUpgradeViews(upgrade: Command, frame: Frame): void {
  addView(upgrade, frame, 'status', 'all upgrades of an exchange, and where each stands', status);
  addView(upgrade, frame, 'evidence', 'verify the evidence of an upgrade, and show it', evidence)
    .option('--id <id>', 'which upgrade (default: the last one)')
    .option('--public-key <digits>', 'the key that must have signed it (default: the one that signed its plan)');
}

function addView(
  upgrade: Command,
  frame: Frame,
  name: string,
  summary: string,
  work: (output: Output, options: ViewOptions) => ExitCode | Promise<ExitCode>,
): Command {
  return addCommand(upgrade, name, {
    summary,
    description: `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    examples: [[`upgrade ${name} --data-dir venue`, 'those of the exchange in the folder venue']],
  })
    .option('--data-dir <folder>', 'the folder of the exchange', 'makewhole-data')
    .option('--database <url>', 'a PostgreSQL server, whose record is compared too (default: DATABASE_URL)')
    .action(action<ViewOptions>(frame, work));
}

function status(output: Output, options: ViewOptions): ExitCode {
  const folder = upgradesFolder(options);
  const upgrades = upgradesIn(folder).map((id) => {
    const { chain, sound } = new UpgradeFiles(folder, id).verify();
    return { ...outcomeOf(id, chain), state: chain.at(-1)?.state ?? null, isActive: !isOver(chain), isSound: sound };
  });
  output.result({ upgrades });
  const rows = upgrades.map(({ id, state, verdict, abort, isActive, isSound }) => [
    id,
    state ?? 'nothing',
    isActive ? 'active' : verdict,
    abort ?? '',
    isSound ? '' : 'evidence was edited',
  ]);
  if (rows.length === 0) output.say('No upgrade was begun.');
  else output.say(textTable([['upgrade', 'state', 'verdict', 'abort', ''], ...rows]));
  return upgrades.every(({ isSound }) => isSound) ? exitCodes.ok : exitCodes.corruption;
}

async function evidence(output: Output, options: ViewOptions): Promise<ExitCode> {
  const folder = upgradesFolder(options);
  const id = options.id ?? upgradesIn(folder).at(-1);
  if (id === undefined || !upgradesIn(folder).includes(id)) {
    throw new CommandError(
      'upgrade_not_found',
      id === undefined ? 'no upgrade was begun' : `there is no upgrade ${id}`,
    );
  }
  const { publicKey } = options;
  const hashes = await hashesInDatabase(options, id);
  const verdict = new UpgradeFiles(folder, id).verify({
    ...(publicKey === undefined ? {} : { key: publicKey }),
    ...(hashes === undefined ? {} : { hashes }),
  });
  const { sound, chain } = verdict;
  const fault = verdict.sound ? null : verdict.fault;
  const documents = chain.map((each) => ({ ...each, hash: evidenceHash(each) }));
  output.result({
    id,
    sound,
    fault,
    key: chain[0]?.key ?? null,
    comparedWithDatabase: hashes !== undefined,
    documents,
  });
  output.say(textTable([['document', 'verdict', 'hash'], ...chain.map(rowOf)]));
  if (fault !== null) output.say(`NOT SOUND: document ${fault.ordinal}: ${fault.what}: ${fault.about}`);
  else
    output.say(`Sound: ${chain.length} documents, each with the hash of the one before, signed by ${chain[0]?.key}.`);
  if (hashes === undefined) output.say('The record of the database was not compared: name it by --database.');
  return sound ? exitCodes.ok : exitCodes.corruption;
}

function rowOf(each: Evidence): string[] {
  return [UpgradeFiles.nameOf(each), each.verdict, evidenceHash(each)];
}

/** Hashes in the record of a server; the embedded database may be in use by the exchange, and is not opened for this. */
async function hashesInDatabase(options: ViewOptions, id: string): Promise<string[] | undefined> {
  const world = worldOf(options, numberOf(id));
  if (world.engine !== 'postgres') return undefined;
  const database = await world.openLive();
  try {
    return await recordedHashes(database, id);
  } finally {
    await database.close();
  }
}
