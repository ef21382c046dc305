// Act files: an act and its signatures as readable JSON, passed from one signer to the next.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Act, actHash } from '../guard/authority/act.ts';
import { decodeSignedAct, type SignedAct } from '../guard/authority/decode-act.ts';
import { effectOf } from '../guard/authority/effect.ts';
import { CommandError } from './errors.ts';
import type { Output } from './output.ts';

/** Reads the act file. Refuses (`not_an_act`) what holds none, by the field that is wrong. */
export function readActFile(file: string): SignedAct {
  const text = readFileSync(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandError('not_an_act', `${file} is not JSON`);
  }
  const act = decodeSignedAct(value);
  if ('bad' in act) throw new CommandError('not_an_act', `${file}: ${act.bad}`);
  return act;
}

/** Writes a new act file. Refuses (`file_exists`) one that is there. */
export function writeActFile(file: string, act: SignedAct): void {
  writeFileSync(file, textOf(act), { flag: 'wx' });
}

/** Puts the act in the place of what the file holds, whole or not at all. */
export function replaceActFile(file: string, act: SignedAct): void {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, textOf(act), { flag: 'wx' });
  renameSync(beside, file);
}

/** Says what an act does, when it may be carried out, and why: what is to be read before it is signed. */
export function sayAct(output: Output, act: Act): void {
  output.say(`Act ${actHash(act)} on fork ${act.fork} of ${act.venue ?? 'an exchange without keys'}:`);
  for (const line of effectOf(act)) output.say(`  ${line}`);
  const from = act.notBeforeMs === 0 ? '' : `from ${timeText(act.notBeforeMs)} `;
  output.say(`It may be carried out ${from}until ${timeText(act.expiryMs)}, in the exchange's time.`);
  output.say(`Reason: ${act.reason}`);
}

function textOf(act: SignedAct): string {
  return `${JSON.stringify(act, null, 2)}\n`;
}

function timeText(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : `${date.toISOString()} (${timeMs})`;
}
