/**
 * Two people's word that an upgrade may cut over: each signs the hash of its plan, for half an hour, and what of the ready-check is to be
 * passed over. Asked for where operators' keys are enrolled; without a roster nobody's is.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { decodeRecord } from '../guard/authority/decode-act.ts';
import { Roster } from '../guard/authority/roster.ts';
import { isPublicKey, isSignedBy, publicKeyOf, signHash } from '../guard/authority/signature.ts';
import { decodeLines } from '../guard/warrant.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { canonicalBytes, canonicalJson, type Json } from '../remedy/canonical-json.ts';

/** How long a word is good for (remedy: 30 minutes), and how many it takes. */
export const SIGN_OFF_MS = 30 * 60_000;
export const SIGN_OFFS = 2;

/** Checks that people may pass over. */
export const OVERRIDES = ['calm'] as const;
export type Override = (typeof OVERRIDES)[number];

export interface SignOff {
  readonly upgrade: string;
  /** Hash of the document of the plan. */
  readonly plan: string;
  readonly overrides: readonly Override[];
  readonly signedMs: number;
  /** Public key, hexadecimal digits. */
  readonly key: string;
  readonly signature: string;
}

const FOLDER = 'sign-off';

function contentHash({ upgrade, plan, overrides, signedMs, key }: Omit<SignOff, 'signature'>): string {
  return toHex(sha256(canonicalBytes({ upgrade, plan, overrides: [...overrides], signedMs, key })));
}

/** Signs the plan of an upgrade. */
export function signOff(content: Omit<SignOff, 'key' | 'signature'>, seed: Uint8Array): SignOff {
  const unsigned = { ...content, key: publicKeyOf(seed) };
  return { ...unsigned, signature: signHash(contentHash(unsigned), seed) };
}

/** Puts a sign-off to the documents of its upgrade, in the folder of all; one key's newer word takes the place of its older one. */
export function writeSignOff(upgrades: string, word: SignOff): string {
  const folder = join(upgrades, word.upgrade, FOLDER);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${word.key}.json`);
  writeFileSync(`${file}.partial`, `${canonicalJson(word as unknown as Json)}\n`);
  renameSync(`${file}.partial`, file);
  return file;
}

/** A sign-off that does not count, and why. */
interface UnfitSignOff {
  readonly file: string;
  readonly why: 'unreadable' | 'wrong_plan' | 'expired' | 'not_yet' | 'not_an_operator' | 'signature_wrong';
}

export interface SignOffs {
  readonly fit: readonly SignOff[];
  readonly unfit: readonly UnfitSignOff[];
}

/** The sign-offs of an upgrade that count now. */
export function readSignOffs(
  upgrades: string,
  {
    upgrade,
    plan,
    nowMs,
    roster,
  }: { readonly upgrade: string; readonly plan: string; readonly nowMs: number; readonly roster: Roster },
): SignOffs {
  const folder = join(upgrades, upgrade, FOLDER);
  const fit: SignOff[] = [];
  const unfit: UnfitSignOff[] = [];
  for (const name of filesIn(folder)) {
    const word = parsed(join(folder, name));
    const why = word === undefined ? 'unreadable' : faultOf(word, { upgrade, plan, nowMs, roster });
    if (word === undefined || why !== undefined) unfit.push({ file: name, why: why ?? 'unreadable' });
    else if (!fit.some(({ key }) => key === word.key)) fit.push(word);
  }
  return { fit, unfit };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}

function faultOf(
  word: SignOff,
  {
    upgrade,
    plan,
    nowMs,
    roster,
  }: { readonly upgrade: string; readonly plan: string; readonly nowMs: number; readonly roster: Roster },
): UnfitSignOff['why'] | undefined {
  if (word.upgrade !== upgrade || word.plan !== plan) return 'wrong_plan';
  if (nowMs > word.signedMs + SIGN_OFF_MS) return 'expired';
  if (nowMs < word.signedMs - SIGN_OFF_MS) return 'not_yet';
  if (roster.roleOf(word.key) !== 'operator') return 'not_an_operator';
  return isSignedBy(word.key, contentHash(word), word.signature) ? undefined : 'signature_wrong';
}

function parsed(file: string): SignOff | undefined {
  try {
    const word = JSON.parse(readFileSync(file, 'utf8')) as Partial<SignOff>;
    const { upgrade, plan, overrides, signedMs, key, signature, ...more } = word;
    const isWhole =
      typeof upgrade === 'string' &&
      typeof plan === 'string' &&
      Array.isArray(overrides) &&
      overrides.every((each) => OVERRIDES.includes(each)) &&
      Number.isSafeInteger(signedMs) &&
      typeof key === 'string' &&
      /^[0-9a-f]{64}$/.test(key) &&
      isPublicKey(key) &&
      typeof signature === 'string' &&
      /^[0-9a-f]{128}$/.test(signature) &&
      Object.keys(more).length === 0;
    return isWhole ? (word as SignOff) : undefined;
  } catch {
    return undefined;
  }
}

/** The keys that the acts of a journal enrolled and did not retire, on whichever branch: a roster outlives a branch. */
export function rosterOf(journal: string): Roster {
  const roster = new Roster();
  for (const entry of new JournalReader(journal).entries(-1)) {
    if (entry.kind === 'block' || entry.acts === undefined) continue;
    for (const line of decodeLines(entry.acts)) {
      const record = decodeRecord(line);
      if ('bad' in record) continue;
      const { what } = record.act;
      if (what.kind === 'enrol') roster.enrol(what.keys);
      else if (what.kind === 'retire') roster.retire(what.key);
    }
  }
  return roster;
}
