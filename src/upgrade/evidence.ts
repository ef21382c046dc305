/**
 * Evidence: one document for each step that ended, as canonical JSON, with the hash of the one before it and a signature. Whoever edits,
 * drops, adds or exchanges one is found by `verifyEvidence`; who holds the key of the upgrade can make others, but none whose hashes are
 * those in the database's record or in a copy that was kept.
 */
import { toHex } from '../chain/digest.ts';
import { isPublicKey, isSignedBy, publicKeyOf, signHash } from '../guard/authority/signature.ts';
import { sha256 } from '../journal/node-digest.ts';
import { canonicalBytes, canonicalJson, type Json } from '../remedy/canonical-json.ts';
import type { Abort, UpgradeState, Verdict } from './states.ts';

/** What a step says of itself. */
export interface StepReport {
  /** A step, the way back, or the end of a rehearsal. */
  readonly state: UpgradeState | 'ABORT' | 'END';
  readonly verdict: Verdict;
  /** How the procedure went back, where it did. */
  readonly abort: Abort | null;
  readonly beganMs: number;
  readonly endedMs: number;
  /** What was done and found: whole numbers and text. */
  readonly content: Json;
}

export interface Evidence extends StepReport {
  readonly upgrade: string;
  /** 0 is the plan. */
  readonly ordinal: number;
  /** Hash of the document before, null in the first. */
  readonly previous: string | null;
  /** Public key of the upgrade, hexadecimal digits. */
  readonly key: string;
  readonly signature: string;
}

/** SHA-256 of the whole document, signature included: what the next one holds. */
export function evidenceHash(evidence: Evidence): string {
  return toHex(sha256(canonicalBytes(evidence as unknown as Json)));
}

/** The text of a document's file: its canonical JSON and a line feed. */
export function evidenceText(evidence: Evidence): string {
  return `${canonicalJson(evidence as unknown as Json)}\n`;
}

/** Signs the next document behind `chain`. */
export function makeEvidence(
  chain: readonly Evidence[],
  upgrade: string,
  report: StepReport,
  seed: Uint8Array,
): Evidence {
  const last = chain.at(-1);
  const unsigned = {
    ...report,
    upgrade,
    ordinal: chain.length,
    previous: last === undefined ? null : evidenceHash(last),
    key: publicKeyOf(seed),
  };
  return { ...unsigned, signature: signHash(contentHash(unsigned), seed) };
}

/** What is wrong with a chain of evidence. */
export interface EvidenceFault {
  readonly ordinal: number;
  readonly what:
    | 'unreadable'
    | 'not_canonical'
    | 'wrong_place'
    | 'chain_broken'
    | 'key_changed'
    | 'signature_wrong'
    | 'missing';
  readonly about: string;
}

export type EvidenceVerdict =
  | { readonly sound: true; readonly chain: readonly Evidence[] }
  | { readonly sound: false; readonly fault: EvidenceFault; readonly chain: readonly Evidence[] };

/**
 * Verifies the texts of a chain, in their order. `key` is the public key that must have signed them (default: that of the first);
 * `hashes` are those of the database's record, where it can be asked: a document that it knows and that is not there was removed.
 */
export function verifyEvidence(
  texts: readonly string[],
  { key, hashes }: { readonly key?: string; readonly hashes?: readonly string[] } = {},
): EvidenceVerdict {
  const chain: Evidence[] = [];
  const refuse = (what: EvidenceFault['what'], about: string): EvidenceVerdict => ({
    sound: false,
    fault: { ordinal: chain.length, what, about },
    chain,
  });
  for (const text of texts) {
    const evidence = parsed(text);
    if (evidence === undefined) return refuse('unreadable', 'it is no document of evidence');
    if (evidenceText(evidence) !== text) return refuse('not_canonical', 'its text is not the canonical one');
    const fault = faultOf(evidence, chain, key);
    if (fault !== undefined) return refuse(...fault);
    const recorded = hashes?.[chain.length];
    if (recorded !== undefined && recorded !== evidenceHash(evidence)) {
      return refuse('chain_broken', `the database recorded ${recorded}, this is ${evidenceHash(evidence)}`);
    }
    chain.push(evidence);
  }
  return hashes !== undefined && hashes.length > chain.length
    ? refuse('missing', `the database recorded ${hashes[chain.length]}, and there is no such document`)
    : { sound: true, chain };
}

function faultOf(
  evidence: Evidence,
  chain: readonly Evidence[],
  key: string | undefined,
): [EvidenceFault['what'], string] | undefined {
  const { ordinal, upgrade, previous, signature, ...rest } = evidence;
  const [first, last] = [chain[0], chain.at(-1)];
  if (ordinal !== chain.length || (first !== undefined && first.upgrade !== upgrade)) {
    return ['wrong_place', `it says to be number ${ordinal} of ${upgrade}`];
  }
  const expected = last === undefined ? null : evidenceHash(last);
  if (previous !== expected) return ['chain_broken', `the one before is ${expected}, it holds ${previous}`];
  const trusted = key ?? first?.key ?? rest.key;
  if (rest.key !== trusted || !isPublicKey(rest.key)) return ['key_changed', `signed by ${rest.key}, not ${trusted}`];
  return isSignedBy(rest.key, contentHash({ ...rest, upgrade, ordinal, previous }), signature)
    ? undefined
    : ['signature_wrong', 'its content is not what was signed'];
}

function contentHash(unsigned: Omit<Evidence, 'signature'>): string {
  return toHex(sha256(canonicalBytes(unsigned as unknown as Json)));
}

const TYPES = {
  upgrade: 'string',
  ordinal: 'number',
  state: 'string',
  verdict: 'string',
  key: 'string',
  signature: 'string',
  beganMs: 'number',
  endedMs: 'number',
} as const;

function parsed(text: string): Evidence | undefined {
  let value: Readonly<Record<string, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, type] of Object.entries(TYPES)) if (typeof value[name] !== type) return undefined;
  const isHex = /^[0-9a-f]{128}$/.test(value['signature'] as string) && /^[0-9a-f]{64}$/.test(value['key'] as string);
  return isHex ? (value as unknown as Evidence) : undefined;
}
