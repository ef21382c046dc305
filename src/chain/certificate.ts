/**
 * The certificate of a rollback: why a branch ended, which block is restored, what became of each command of the branch that died, and
 * what is carried over to the new one. One line of JSON in ASCII, keys in the order of this file, filled up with spaces to whole
 * rows; the block behind it names its root, so that no byte of it can be another.
 */
import { utf8 } from '../engine/command-buffer.ts';
import { type Block, blockHash } from './block.ts';
import type { History } from './branches.ts';
import { CommandsRoot } from './commands-root.ts';
import { type Hash, sameBytes, toHex } from './digest.ts';
import { type Fate, FATES } from './fates.ts';

const FORMAT = 'makewhole-rollback/1';

/** What becomes of open orders: untriggered take-profit and stop-loss orders and those that only reduce stay, all others are cancelled. */
export const ORDER_POLICIES = ['keep_tp_sl_and_reduce_only'] as const;
export type OrderPolicy = (typeof ORDER_POLICIES)[number];

/**
 * Whether the states of the dead branch are those that its commands lead to: they are; they are with the deviations that were given
 * (what a process held in memory and no command made); or they are not, and nothing is concluded from them.
 */
const DEAD_STATES = ['follow', 'follow_with_deviations', 'differ'] as const;
export type DeadStates = (typeof DEAD_STATES)[number];

/** A block as a certificate names it: digests as hexadecimal digits. */
export interface NamedBlock {
  readonly height: number;
  readonly hash: string;
  readonly root: string;
}

/**
 * A command of the dead branch that is carried: its sequence alone where its rows are applied again as they were; with an account, an
 * amount (1e-8 USDC) and an id where it settled a withdrawal that the restored state does not know.
 */
export type Carried = number | readonly [sequence: number, account: number, amount: number, withdrawal: number];

export interface RollbackCertificate {
  readonly format: typeof FORMAT;
  /** The new fork, and the one that ends. */
  readonly forkId: number;
  readonly parent: number;
  readonly restores: NamedBlock;
  readonly deadHead: NamedBlock;
  readonly reason: string;
  /** Hash of the incident's case and root of its corrections, where there are any. */
  readonly incident: string | null;
  readonly corrections: string | null;
  readonly orderPolicy: OrderPolicy;
  readonly deadStates: DeadStates;
  /** SHA-256 of one byte a command (its place in `FATES`), in their order, and how many of each there are. */
  readonly fates: { readonly hash: string; readonly counts: Readonly<Partial<Record<Fate, number>>> };
  readonly carried: CarriedTotals;
  /**
   * Withdrawals that were asked for on the dead branch and did not leave: whoever pays them out must not. Null where its states
   * differ: then no withdrawal of it may be paid out.
   */
  readonly cancelledWithdrawals: readonly number[] | null;
  readonly commands: readonly Carried[];
  /** Commands root of the first batch of the new fork. */
  readonly firstBatch: string;
  /** The signed act that allowed it, as its canonical line; null on a venue without enrolled keys. */
  readonly approval: string | null;
}

/** Amounts in 1e-8 USDC, in decimal digits; `owed` is what became receivables. */
export interface CarriedTotals {
  readonly deposits: { readonly count: number; readonly amount: string };
  readonly withdrawals: { readonly count: number; readonly amount: string; readonly owed: string };
  readonly accounts: number;
  readonly markets: number;
}

const ROW_BYTES = 64;
const SPACE = 32;
const LINE_FEED = 10;

/** The names of a block. */
export function namedBlock(block: Block, hash: Hash): NamedBlock {
  return { height: block.height, hash: toHex(blockHash(block, hash)), root: toHex(block.stateRoot) };
}

/** The rows of a certificate. */
export function encodeCertificate(certificate: Omit<RollbackCertificate, 'format'>): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(ordered(certificate)).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const line = utf8(`${text}\n`);
  const bytes = new Uint8Array(Math.ceil(line.length / ROW_BYTES) * ROW_BYTES).fill(SPACE);
  bytes.set(line);
  return bytes;
}

/** The certificate of these rows; undefined when they are not exactly those of one. */
export function decodeCertificate(bytes: Uint8Array): RollbackCertificate | undefined {
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0) return undefined;
  let line = '';
  for (let at = 0; at < end; at++) line += String.fromCharCode(bytes[at] as number);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isCertificate(value)) return undefined;
  const certificate = ordered(value);
  return sameBytes(encodeCertificate(certificate), bytes) ? certificate : undefined;
}

interface FoundCertificate {
  readonly certificate: RollbackCertificate;
  /** The block that it restores, and the root of the certificate's rows. */
  readonly restored: Block;
  readonly root: Uint8Array;
}

/** Reads the certificate of an entry behind the block `dead`; what it says must be so. Otherwise says what is not. */
export function certificateFault(
  bytes: Uint8Array,
  { fork, firstSequence }: { readonly fork: number; readonly firstSequence: number },
  dead: { readonly height: number; readonly hash: Uint8Array },
  history: History,
  hash: Hash,
): FoundCertificate | { readonly fault: string } {
  const certificate = decodeCertificate(bytes);
  if (certificate === undefined) return { fault: 'rows that are none' };
  const { restores, deadHead, forkId, parent } = certificate;
  const [restored, head] = [history.block(restores.height), history.block(dead.height)];
  if (head === undefined || deadHead.height !== dead.height || deadHead.hash !== toHex(dead.hash)) {
    return { fault: `the dead head ${deadHead.height} ${deadHead.hash}` };
  }
  if (restored === undefined || restored.height >= dead.height || !isSame(namedBlock(restored, hash), restores)) {
    return { fault: `the restored block ${restores.height} ${restores.hash}` };
  }
  if (deadHead.root !== toHex(head.stateRoot)) return { fault: `the dead root ${deadHead.root}` };
  if (forkId !== fork || parent !== head.fork || fork !== head.fork + 1)
    return { fault: `fork ${forkId} of ${parent}` };
  if (firstSequence !== restored.lastSequence + 1) return { fault: `first sequence ${firstSequence}` };
  return { certificate, restored, root: certificateRoot(bytes, hash) };
}

function isSame(a: NamedBlock, b: NamedBlock): boolean {
  return a.height === b.height && a.hash === b.hash && a.root === b.root;
}

/** The root that stands in the commands root of the block behind a certificate: that of its rows. */
export function certificateRoot(bytes: Uint8Array, hash: Hash): Uint8Array {
  const root = new CommandsRoot(hash);
  root.add(bytes);
  return root.finish();
}

function ordered(given: Omit<RollbackCertificate, 'format'>): RollbackCertificate {
  const named = ({ height, hash, root }: NamedBlock): NamedBlock => ({ height, hash, root });
  const { counts } = given.fates;
  const { deposits, withdrawals, accounts, markets } = given.carried;
  return {
    format: FORMAT,
    forkId: given.forkId,
    parent: given.parent,
    restores: named(given.restores),
    deadHead: named(given.deadHead),
    reason: given.reason,
    incident: given.incident,
    corrections: given.corrections,
    orderPolicy: given.orderPolicy,
    deadStates: given.deadStates,
    fates: {
      hash: given.fates.hash,
      counts: Object.fromEntries(
        FATES.flatMap((fate) => (counts[fate] === undefined ? [] : [[fate, counts[fate]]])),
      ) as Partial<Record<Fate, number>>,
    },
    carried: {
      deposits: { count: deposits.count, amount: deposits.amount },
      withdrawals: { count: withdrawals.count, amount: withdrawals.amount, owed: withdrawals.owed },
      accounts,
      markets,
    },
    cancelledWithdrawals: given.cancelledWithdrawals === null ? null : [...given.cancelledWithdrawals],
    commands: given.commands.map((each) => (typeof each === 'number' ? each : [each[0], each[1], each[2], each[3]])),
    firstBatch: given.firstBatch,
    approval: given.approval,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isCertificate(value: unknown): value is RollbackCertificate {
  if (!isFields(value) || value['format'] !== FORMAT) return false;
  const { restores, deadHead, fates, carried, commands, cancelledWithdrawals } = value;
  if (!isNamed(restores) || !isNamed(deadHead) || !isFields(fates) || !isFields(carried)) return false;
  const { counts, hash } = fates;
  const { deposits, withdrawals } = carried;
  return (
    isWhole(value['forkId']) &&
    isWhole(value['parent']) &&
    typeof value['reason'] === 'string' &&
    isTextOrNull(value['incident']) &&
    isTextOrNull(value['corrections']) &&
    isTextOrNull(value['approval']) &&
    ORDER_POLICIES.some((policy) => policy === value['orderPolicy']) &&
    DEAD_STATES.some((states) => states === value['deadStates']) &&
    typeof hash === 'string' &&
    isFields(counts) &&
    Object.values(counts).every(isWhole) &&
    isFields(deposits) &&
    isFields(withdrawals) &&
    (cancelledWithdrawals === null || isList(cancelledWithdrawals, isWhole)) &&
    isList(commands, (each) => isWhole(each) || (isList(each, isWhole) && (each as unknown[]).length === 4)) &&
    typeof value['firstBatch'] === 'string'
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(value: unknown): value is NamedBlock {
  return isFields(value) && isWhole(value['height']) && ['hash', 'root'].every((key) => typeof value[key] === 'string');
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}
