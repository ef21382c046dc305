/**
 * The folder of a case on disk. Public: case.json, policy.json, roots.json, dossier.json. Private, readable by its owner alone: claims.jsonl
 * (one claim a line), effect.json, secret.hex, receipts/ (one file an account), before.json (what earlier rounds paid and took back). Nothing
 * that is there is overwritten.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../chain/digest.ts';
import { canonicalJson, type Json, type KnownTexts } from '../remedy/canonical-json.ts';
import type { Claim } from '../remedy/claim.ts';
import type { Dossier, Effect } from '../remedy/dossier.ts';
import { caseJson, type IncidentCase } from '../remedy/incident-case.ts';
import type { PublicRoots, Receipt } from '../remedy/receipt.ts';
import type { Statement } from '../remedy/statement.ts';
import type { Draft, PreviousRound } from './draft.ts';

/** Files of a case folder, by what they are. */
export const CASE_FILES = {
  case: 'case.json',
  policy: 'policy.json',
  roots: 'roots.json',
  dossier: 'dossier.json',
  effect: 'effect.json',
  claims: 'claims.jsonl',
  secret: 'secret.hex',
  receipts: 'receipts',
  before: 'before.json',
} as const;

/** The folder cannot be read or written as one of a case: what is there, or is not. */
class NotACaseFolder extends Error {
  readonly code = 'not_a_case_folder';
  constructor(folder: string, why: string) {
    super(`${folder}: ${why}`);
    this.name = 'NotACaseFolder';
  }
}

interface Amount {
  readonly account: number;
  readonly amount: string;
}

const PRIVATE = 0o600;
const PUBLIC = 0o644;

/** Writes a draft to a new folder, or one that holds nothing of a draft. Refuses (throws `NotACaseFolder`) one that does. */
export function writeCaseFolder(
  folder: string,
  incident: IncidentCase,
  draft: Draft,
  secret: Uint8Array,
  previous?: PreviousRound,
): void {
  const there = existsSync(folder) ? readdirSync(folder) : [];
  const taken = Object.values(CASE_FILES).find((name) => there.includes(name) && name !== CASE_FILES.secret);
  if (taken !== undefined) throw new NotACaseFolder(folder, `${taken} is there already`);
  const receipts = join(folder, CASE_FILES.receipts);
  mkdirSync(receipts, { recursive: true });
  chmodSync(receipts, 0o700);
  const own = (name: string): string => join(folder, name);
  if (!there.includes(CASE_FILES.secret)) writeWhole(own(CASE_FILES.secret), [`${toHex(secret)}\n`], PRIVATE);
  writeWhole(own(CASE_FILES.case), [document(caseJson(incident))], PUBLIC);
  writeWhole(own(CASE_FILES.policy), [document(incident.policy)], PUBLIC);
  writeWhole(own(CASE_FILES.claims), claimLines(draft.claims.claims), PRIVATE);
  writeWhole(own(CASE_FILES.effect), [document(draft.effect)], PRIVATE);
  if (previous !== undefined) writeWhole(own(CASE_FILES.before), [document(beforeJson(previous))], PRIVATE);
  const shared = new Map(
    [draft.roots, incident.policy].map((each) => [each as object, canonicalJson(each as unknown as Json)]),
  );
  for (const receipt of draft.receipts) {
    writeWhole(join(receipts, `${receipt.statement.account}.json`), [document(receipt, shared)], PRIVATE, false);
  }
  writeWhole(own(CASE_FILES.roots), [document(draft.roots)], PUBLIC);
  // The dossier comes last: where it is, everything else is.
  writeWhole(own(CASE_FILES.dossier), [document(draft.dossier)], PUBLIC);
}

function beforeJson({ paid, reversed }: PreviousRound): Json {
  const list = (amounts: ReadonlyMap<number, bigint>): Json =>
    [...amounts].map(([account, amount]) => ({ account, amount: String(amount) }));
  return { paid: list(paid), reversed: list(reversed) };
}

function document(value: Json | object, shared?: KnownTexts): string {
  return `${canonicalJson(value as Json, shared)}\n`;
}

/** A claim as a line: amounts are decimal digits. */
function* claimLines(claims: readonly Claim[]): Generator<string> {
  for (const { cap, ...claim } of claims) yield document({ ...claim, cap: String(cap) });
}

/** Writes a new file whole; durable when this returns, unless said. Refuses (throws) a file that is there. */
function writeWhole(path: string, parts: Iterable<string>, mode: number, isDurable = true): void {
  const file = openSync(path, 'wx', mode);
  try {
    for (const part of parts) writeSync(file, part);
    if (isDurable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What a case folder holds; private parts are read only where they are there. */
export class CaseFolder {
  readonly folder: string;

  /** Refuses (throws `NotACaseFolder`) a folder without a dossier. */
  constructor(folder: string) {
    this.folder = folder;
    if (!existsSync(join(folder, CASE_FILES.dossier))) throw new NotACaseFolder(folder, 'there is no dossier.json');
  }

  get dossier(): Dossier {
    return this.json(CASE_FILES.dossier) as Dossier;
  }

  get roots(): PublicRoots {
    return this.json(CASE_FILES.roots) as PublicRoots;
  }

  get effect(): Effect {
    return this.json(CASE_FILES.effect) as Effect;
  }

  /** The case, as JSON: `decodeCase` reads it. */
  get case(): unknown {
    return this.json(CASE_FILES.case);
  }

  /** 32 bytes. */
  get secret(): Uint8Array {
    return readSecret(join(this.folder, CASE_FILES.secret));
  }

  /** What earlier rounds paid and took back, by account; nothing in the first round. */
  get before(): Pick<PreviousRound, 'paid' | 'reversed'> {
    if (!existsSync(join(this.folder, CASE_FILES.before))) return { paid: new Map(), reversed: new Map() };
    const { paid, reversed } = this.json(CASE_FILES.before) as Record<'paid' | 'reversed', readonly Amount[]>;
    const map = (list: readonly Amount[]): Map<number, bigint> =>
      new Map(list.map(({ account, amount }) => [account, BigInt(amount)]));
    return { paid: map(paid), reversed: map(reversed) };
  }

  /** All claims, in their order. */
  get claims(): Claim[] {
    const text = readFileSync(join(this.folder, CASE_FILES.claims), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { cap, ...claim } = JSON.parse(line) as Omit<Claim, 'cap'> & { readonly cap: string };
        return { ...claim, cap: BigInt(cap) };
      });
  }

  /** The receipt of an account; undefined when there is none. */
  receipt(account: number): Receipt | undefined {
    const path = join(this.folder, CASE_FILES.receipts, `${account}.json`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Receipt) : undefined;
  }

  /** The statement of an account; undefined when it was not assessed. */
  statement(account: number): Statement | undefined {
    return this.claims.find((claim) => claim.account === account)?.statement;
  }

  private json(name: string): unknown {
    const path = join(this.folder, name);
    if (!existsSync(path)) throw new NotACaseFolder(this.folder, `there is no ${name}`);
    return JSON.parse(readFileSync(path, 'utf8'));
  }
}

/** The secret in a file: 64 hexadecimal digits. Refuses (throws `NotACaseFolder`) anything else. */
export function readSecret(path: string): Uint8Array {
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new NotACaseFolder(path, 'this is no secret: 64 hexadecimal digits');
  return fromHex(text);
}
