// `makewhole upgrade sign`: an operator's word that an upgrade may cut over.
import { type Command, Option } from 'commander';
import { evidenceHash } from '../upgrade/evidence.ts';
import { isOver } from '../upgrade/procedure.ts';
import { OVERRIDES, type Override, SIGN_OFF_MS, signOff, writeSignOff } from '../upgrade/sign-off.ts';
import { UpgradeFiles, upgradesIn } from '../upgrade/upgrade-files.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readKeyFile } from './key-file.ts';
import type { Output } from './output.ts';
import { type PlaceOptions, upgradesFolder } from './upgrade-place.ts';

interface SignOptions extends PlaceOptions {
  readonly id?: string;
  readonly override?: Override;
}

/** Adds `upgrade sign`. It may be given while `upgrade run` waits for it. */
export function registerUpgradeSign(upgrade: Command, frame: Frame): void {
  addCommand(upgrade, 'sign', {
    summary: 'sign the plan of an upgrade, so that it may cut over',
    description:
      'Signs the plan of the upgrade that has not ended. Where operators’ keys are enrolled, two of them must have signed within\n' +
      'the last half hour before anybody is kept from trading. --override passes over a check, if both say so.',
    examples: [['upgrade sign --data-dir venue --key ann.key', 'the one that waits in the folder venue']],
  })
    .option('--data-dir <folder>', 'the folder of the exchange', 'makewhole-data')
    .requiredOption('--key <file>', 'the private key of an operator')
    .option('--id <id>', 'which upgrade (default: the one that has not ended)')
    .addOption(new Option('--override <check>', 'passes over a check').choices(OVERRIDES))
    .action(action<SignOptions>(frame, sign));
}

function sign(output: Output, options: SignOptions): ExitCode {
  const upgrades = upgradesFolder(options);
  const ids = upgradesIn(upgrades);
  const chainOf = (id: string): ReturnType<UpgradeFiles['verify']>['chain'] =>
    new UpgradeFiles(upgrades, id).verify().chain;
  const id = options.id ?? ids.findLast((each) => !isOver(chainOf(each)));
  const plan = id === undefined || !ids.includes(id) ? undefined : chainOf(id)[0];
  if (id === undefined || plan === undefined) {
    throw new CommandError('no_upgrade_active', `there is no plan of ${id ?? 'an upgrade that has not ended'}`);
  }
  const { key, seed } = readKeyFile(options.key as string);
  const overrides = options.override === undefined ? [] : [options.override];
  const word = signOff({ upgrade: id, plan: evidenceHash(plan), overrides, signedMs: Date.now() }, seed);
  writeSignOff(upgrades, word);
  output.say(`${id}, plan ${word.plan}`);
  output.say(JSON.stringify(plan.content, null, 2));
  output.say(`Signed by ${key}; good for ${SIGN_OFF_MS / 60_000} minutes.`);
  output.result({ id, plan: word.plan, key, overrides, expiresMs: word.signedMs + SIGN_OFF_MS });
  return exitCodes.ok;
}
