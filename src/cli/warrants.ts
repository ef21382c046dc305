// `makewhole verify warrants`: computes the warrant of every forced action of a journal again, and judges every act again.
import type { VerifiedActs } from '../guard/authority/verify-acts.ts';
import type { FalseHold } from '../guard/verify-holds.ts';
import { type InvalidWarrant, WarrantVerifier } from '../guard/verify-warrants.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { replayWarrants } from './replay-warrants.ts';

interface WarrantsResult {
  /** Stored warrants. */
  readonly warrants: number;
  /** Forced actions whose warrant is the one that history gives, and those without; and warrants of nothing. */
  readonly valid: number;
  readonly invalid: number;
  readonly firstInvalid: InvalidWarrant | null;
  /** Signed acts, and the commands that need one. */
  readonly acts: VerifiedActs;
  /**
   * Records of holds: those that the computation leads to as well, those that only their process can have seen, those that are false
   * or missing; and entries of them that cannot be read.
   */
  readonly holds: {
    readonly records: number;
    readonly computed: number;
    readonly stated: number;
    readonly invalid: number;
    readonly firstInvalid: FalseHold | null;
    readonly unreadable: number;
  };
}

/** Verifies all warrants and acts on the way to the last block of the journal in a folder, or of a fork; never changes it. Refuses (named) a history that is damaged or diverges. */
export async function verifyWarrants(output: Output, folder: string, fork: number | undefined): Promise<ExitCode> {
  const verifier = new WarrantVerifier();
  await replayWarrants(output, folder, verifier, fork);
  const { warrants, valid, invalid, firstInvalid, unreadableHolds } = verifier;
  const { records, computed, stated, invalid: falseHolds, firstInvalid: firstFalse } = verifier.holds;
  const counts = { records, computed, stated, invalid: falseHolds };
  const holds = { ...counts, firstInvalid: firstFalse, unreadable: unreadableHolds };
  const result: WarrantsResult = { warrants, valid, invalid, firstInvalid, acts: verifier.acts.result, holds };
  output.result(result);
  output.say(`${readableCount(warrants)} warrants: ${readableCount(valid)} valid, ${readableCount(invalid)} invalid.`);
  sayActs(output, result.acts);
  sayHolds(output, holds);
  if (firstInvalid !== null) sayFirst(output, firstInvalid);
  const isSound = firstInvalid === null && result.acts.firstInvalid === null && firstFalse === null;
  return isSound && unreadableHolds === 0 ? exitCodes.ok : exitCodes.finding;
}

/** What of it does not stand up first, as it is stored and as the computation has it. */
function sayFirst(output: Output, { why, height, sequence, stored, computed }: InvalidWarrant | FalseHold): void {
  output.say(`First invalid: ${why}, in block ${height}, batch that ends with command ${sequence}`);
  if (stored !== null) output.say(`  stored   ${stored.trim()}`);
  if (computed !== null) output.say(`  computed ${computed.trim()}`);
}

function sayHolds(output: Output, holds: WarrantsResult['holds']): void {
  const { records, computed, stated, invalid, firstInvalid, unreadable } = holds;
  if (unreadable > 0) output.say(`${readableCount(unreadable)} entries of holds cannot be read.`);
  if (records === 0 && invalid === 0) return;
  output.say(
    `${readableCount(records)} records of holds: ${readableCount(computed)} computed again, ${readableCount(stated)} only ` +
      `their process can have seen, ${readableCount(invalid)} false or missing.`,
  );
  if (firstInvalid !== null) sayFirst(output, firstInvalid);
}

function sayActs(output: Output, { acts, valid, invalid, unexecuted, commands, firstInvalid }: VerifiedActs): void {
  if (acts === 0 && firstInvalid === null) return;
  const never = unexecuted === 0 ? '' : ` (${readableCount(unexecuted)} cut off by a crash)`;
  output.say(`${readableCount(acts)} acts: ${readableCount(valid)} valid${never}, ${readableCount(invalid)} invalid.`);
  const { ofActs, ofPayouts, ofGuard, withoutAct } = commands;
  const paid = ofPayouts === 0 ? '' : ` ${readableCount(ofPayouts)} of approved payouts,`;
  output.say(
    `Administrators' commands: ${readableCount(ofActs)} of acts,${paid} ${readableCount(ofGuard)} of the guard, ${readableCount(withoutAct)} without an act.`,
  );
  if (firstInvalid === null) return;
  const { why, about, height, sequence, stored } = firstInvalid;
  output.say(`First invalid: ${why} (${about}), in block ${height}, behind command ${sequence}`);
  output.say(`  stored   ${stored}`);
}
