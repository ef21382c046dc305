// `makewhole upgrade`: the guarded procedure from one schema to the next.
import { type Command, Option } from 'commander';
import type { Json } from '../remedy/canonical-json.ts';
import { toHex } from '../chain/digest.ts';
import { sha256 } from '../journal/node-digest.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { describeFinding } from '../upgrade/finding.ts';
import { isOver, Procedure, type UpgradeOutcome } from '../upgrade/procedure.ts';
import type { UpgradeLimits } from '../upgrade/upgrade-context.ts';
import { numberOf, UpgradeFiles, upgradeId, upgradesIn } from '../upgrade/upgrade-files.ts';
import { pendingUpgrade } from '../upgrade/release-migrations.ts';
import { readRelease, type Release } from '../upgrade/release.ts';
import { OVERRIDES, type Override } from '../upgrade/sign-off.ts';
import { withLive } from '../upgrade/steps-before.ts';
import {
  migrationOf,
  NO_MIGRATION,
  type UpgradeMigration,
  upgradeMigrationHash,
} from '../upgrade/upgrade-migration.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readJsonFile } from './json-file.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';
import { type PlaceOptions, takePlace, upgradeKey, type UpgradePlace } from './upgrade-place.ts';
import { registerUpgradeSign } from './upgrade-sign.ts';
import { registerUpgradeViews } from './upgrade-view.ts';

interface UpgradeOptions extends PlaceOptions {
  readonly migration?: string;
  readonly release?: string;
  readonly declared?: string;
  readonly override?: Override;
  readonly shadow: number;
  readonly budget: number;
  readonly hold: number;
  readonly soak: number;
  readonly blocks: number;
}

/** Adds the command `upgrade` and those under it. */
export function registerUpgrade(program: Command, frame: Frame): void {
  const upgrade = program
    .command('upgrade')
    .summary('the guarded upgrade of the database: plan, rehearse, run, resume, abort')
    .description(
      'Brings a migration to the database of an exchange that may be running: on a copy, verified in seven ways against the live one and\n' +
        'the journal, put in its place by a switch that can be undone. Each step proves itself or the procedure goes back by itself.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ makewhole upgrade run --data-dir venue --migration 0100-trade-notional.json',
    );
  addWork(upgrade, frame, 'plan', 'write the plan of a migration, and nothing else', (place, output, options) =>
    begin(place, output, options, 'PLAN'),
  );
  addWork(upgrade, frame, 'rehearse', 'rehearse a migration on a restored copy', (place, output, options) =>
    begin(place, output, options, 'REHEARSE'),
  );
  addWork(upgrade, frame, 'run', 'run the procedure to its end: committed, or gone back', (place, output, options) =>
    begin(place, output, options),
  );
  addWork(upgrade, frame, 'resume', 'go on with an upgrade that was interrupted', goOn);
  addWork(upgrade, frame, 'abort', 'go back from wherever an upgrade stands', goBack);
  registerUpgradeSign(upgrade, frame);
  registerUpgradeViews(upgrade, frame);
}

type Work = (place: UpgradePlace, output: Output, options: UpgradeOptions) => Promise<UpgradeOutcome>;

function addWork(upgrade: Command, frame: Frame, name: string, summary: string, work: Work): void {
  const needsMigration = name === 'plan' || name === 'rehearse' || name === 'run';
  const command = addCommand(upgrade, name, {
    summary,
    description: `${summary[0]?.toUpperCase()}${summary.slice(1)}. Ends with 1 when something was found: the live database is then as it was.`,
    examples: [
      [
        `upgrade ${name} --data-dir venue${needsMigration ? ' --migration 0100-trade-notional.json' : ''}`,
        'the embedded database of the folder venue',
      ],
      [
        `upgrade ${name} --data-dir venue --database postgres://localhost/venue${needsMigration ? ' --migration 0100-trade-notional.json' : ''}`,
        'a PostgreSQL server',
      ],
    ],
  })
    .option('--data-dir <folder>', 'the folder of the exchange', 'makewhole-data')
    .option('--database <url>', 'a PostgreSQL server (default: DATABASE_URL, else the embedded database)')
    .option('--key <file>', 'the private key that signs the evidence (default: one of the data folder)');
  if (name === 'run' || name === 'resume') {
    const overrides = new Option('--override <check>', 'passes over a check, where no operators’ keys are enrolled');
    command.addOption(overrides.choices(OVERRIDES));
  }
  if (needsMigration) {
    command
      .option(
        '--migration <file>',
        'JSON with name, up, down and what it declares to change (default: what the database lacks of this release)',
      )
      .option('--release <folder>', 'instead: another release of the program, which takes over')
      .option('--declared <file>', 'of a release: what it does otherwise, JSON list of {from, table, column, reason}')
      .option('--shadow <seconds>', 'how long a release shadows the live journal', wholeNumber(0, 604_800), 0)
      .option('--budget <seconds>', 'the whole procedure goes back when it takes longer', wholeNumber(1, 86_400), 1800)
      .option('--hold <seconds>', 'how long a step that cannot tell is tried again', wholeNumber(0, 86_400), 30)
      .option('--soak <seconds>', 'how long the old database is kept warm', wholeNumber(0, 604_800), 0)
      .option('--blocks <n>', 'how many of the last blocks are replayed', wholeNumber(0, 1_000_000), 64);
  }
  command.action(
    action<UpgradeOptions>(frame, async (output, options) => {
      const place = await takePlace(options);
      try {
        return report(output, await work(place, output, options));
      } finally {
        place.close();
      }
    }),
  );
}

async function begin(
  place: UpgradePlace,
  output: Output,
  options: UpgradeOptions,
  last?: 'PLAN' | 'REHEARSE',
): Promise<UpgradeOutcome> {
  const open = openUpgrade(place);
  const subject = await subjectFor(place, options);
  const hash = subjectHash(subject);
  if (open !== undefined && open.hash !== hash) {
    throw new CommandError('upgrade_active', `upgrade ${open.id} of ${nameOf(open.subject)} has not ended`);
  }
  const ids = upgradesIn(place.upgrades);
  const id = open?.id ?? upgradeId(Math.max(0, ...ids.map(numberOf)) + 1, hash);
  const { budget, hold, soak, blocks, shadow } = options;
  const limits = {
    budgetMs: budget * 1000,
    holdMs: hold * 1000,
    soakMs: soak * 1000,
    blocks,
    ...('release' in subject ? { shadowMs: shadow * 1000 } : {}),
  };
  return procedureOf(place, output, options, id, subject, open?.limits ?? limits, last).run();
}

/** What is upgraded: the schema, or the program. */
type Subject = { readonly migration: UpgradeMigration } | { readonly release: Release };

function subjectHash(subject: Subject): string {
  if ('migration' in subject) return upgradeMigrationHash(subject.migration);
  const { hash, declared } = subject.release;
  return toHex(sha256(new TextEncoder().encode(JSON.stringify([hash, declared]))));
}

function nameOf(subject: Subject): string {
  return 'migration' in subject ? subject.migration.name : `release ${subject.release.folder}`;
}

/** The release of a folder, the migration of a file, or what the database lacks of this release's own. */
async function subjectFor(place: UpgradePlace, options: UpgradeOptions): Promise<Subject> {
  const { migration: file, release, declared } = options;
  if (release !== undefined && file !== undefined) {
    throw new CommandError('one_at_a_time', 'a release or a migration: each is an upgrade of its own');
  }
  if (release !== undefined) {
    return { release: readRelease(release, declared === undefined ? undefined : readJsonFile(declared)) };
  }
  if (!place.hasDatabase) throw new CommandError('no_database', 'the exchange has a journal alone: there is no schema');
  if (file !== undefined) return { migration: migrationOf(readJsonFile(file), file) };
  const { world, venue } = place;
  return { migration: await withLive({ world: world(0), venue }, (database) => pendingUpgrade(database, MIGRATIONS)) };
}

function goOn(place: UpgradePlace, output: Output, options: UpgradeOptions): Promise<UpgradeOutcome> {
  const { id, subject, limits } = requireOpen(place);
  return procedureOf(place, output, options, id, subject, limits).run();
}

function goBack(place: UpgradePlace, output: Output, options: UpgradeOptions): Promise<UpgradeOutcome> {
  const { id, subject, limits } = requireOpen(place);
  return procedureOf(place, output, options, id, subject, limits).goBack();
}

function procedureOf(
  place: UpgradePlace,
  output: Output,
  options: UpgradeOptions,
  id: string,
  subject: Subject,
  limits: UpgradeLimits,
  last?: 'PLAN' | 'REHEARSE',
): Procedure {
  const { journal, exchange, seat, upgrades, world, handOver, hasDatabase } = place;
  const isRelease = 'release' in subject;
  return new Procedure({
    id,
    files: new UpgradeFiles(upgrades, id),
    // One that never ended would keep the time budget from being looked at.
    world: world(numberOf(id), limits.budgetMs),
    // Whoever serves is another process by and by: it is asked anew each time.
    venue: isRelease ? place.controlled : place.venue,
    migration: isRelease ? NO_MIGRATION : subject.migration,
    ...(isRelease ? { release: { release: subject.release, handOver: handOver(id), hasDatabase } } : {}),
    journal,
    exchange,
    seat,
    limits,
    seed: upgradeKey(options, upgrades).seed,
    upgrades,
    overrides: options.override === undefined ? [] : [options.override],
    ...(last === undefined ? {} : { last }),
    onHold: (state, why) => output.warn(`${state} waits: ${why}`),
    onStep: ({ state, verdict, beganMs, endedMs }) =>
      output.say(`${state.padEnd(12)} ${verdict.padEnd(12)} ${((endedMs - beganMs) / 1000).toFixed(1)} s`),
  });
}

interface OpenUpgrade {
  readonly id: string;
  readonly subject: Subject;
  readonly hash: string;
  readonly limits: UpgradeLimits;
}

function requireOpen(place: UpgradePlace): OpenUpgrade {
  const open = openUpgrade(place);
  if (open === undefined) throw new CommandError('no_upgrade_active', 'no upgrade was begun that has not ended');
  return open;
}

/** The upgrade that has not ended, by its documents. Refuses (`evidence_edited`) documents that are not as they were written. */
function openUpgrade({ upgrades }: UpgradePlace): OpenUpgrade | undefined {
  for (const id of upgradesIn(upgrades).reverse()) {
    const verified = new UpgradeFiles(upgrades, id).verify();
    if (!verified.sound) {
      const { ordinal, what, about } = verified.fault;
      throw new CommandError('evidence_edited', `${id}, document ${ordinal}: ${what}: ${about}`, exitCodes.corruption);
    }
    const [plan] = verified.chain;
    if (plan === undefined || isOver(verified.chain)) continue;
    const { limits, ...content } = plan.content as unknown as { readonly limits: UpgradeLimits } & PlanContent;
    const subject = subjectOf(id, content);
    return { id, subject, hash: subjectHash(subject), limits };
  }
  return undefined;
}

interface PlanContent {
  readonly migration?: Readonly<Record<string, Json>>;
  readonly release?: Release;
}

function subjectOf(id: string, { migration, release }: PlanContent): Subject {
  if (release !== undefined) return { release };
  const { hash: _, ...fields } = migration ?? {};
  return { migration: migrationOf(fields, `the plan of ${id}`) };
}

function report(output: Output, outcome: UpgradeOutcome): ExitCode {
  output.result(outcome);
  const { id, verdict, abort, steps, findings, tradingPauseMs, rows, seconds } = outcome;
  output.say(
    textTable([
      ['step', 'verdict', 'seconds'],
      ...steps.map((step) => [step.state, step.verdict, step.seconds.toFixed(1)]),
    ]),
  );
  for (const finding of findings) output.say(describeFinding(finding));
  const how = abort === null ? '' : `, gone back by abort ${abort}: the live database is the one that was`;
  output.say(
    `Upgrade ${id}: ${verdict}${how}. ${rows} rows compared, ${seconds.toFixed(1)} s, trading paused ${tradingPauseMs} ms.`,
  );
  return verdict === 'pass' ? exitCodes.ok : exitCodes.finding;
}
