/** Reads acts from JSON values. What is no act is refused as a value that names the field; nothing is filled in. */
import { ORDER_POLICIES } from '../../chain/certificate.ts';
import { BadCommandRecord } from '../../chain/command-value.ts';
import { TIME_LIMIT } from '../../engine/command-form.ts';
import type { Component } from '../finding.ts';
import {
  type Act,
  type ActCommand,
  type ActContent,
  ADMINISTRATIVE_KINDS,
  asciiJson,
  canonicalAct,
  orderedCommand,
  ROLES,
} from './act.ts';

export interface Signature {
  /** Public key of who signed, and the signature over the content hash, as hexadecimal digits. */
  readonly key: string;
  readonly signature: string;
}

export interface SignedAct {
  readonly act: Act;
  readonly signatures: readonly Signature[];
}

/** A signed act as a history has it, with the exchange's time at which it was carried out. */
export interface ActRecord extends SignedAct {
  readonly atMs: number;
}

/** Why a value is no act. */
export interface BadAct {
  readonly bad: string;
}

const REASON_LIMIT = 500;
const COMMAND_LIMIT = 256;
const SIGNATURE_LIMIT = 64;
const KEY = /^[0-9a-f]{64}$/;
const NONCE = /^[0-9a-f]{32}$/;
const SIGNATURE = /^[0-9a-f]{128}$/;

/** Controls of a terminal, of lines and of the direction of writing: with them an act could show other words than its own. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** The act that a value of JSON holds, its fields in canonical order. */
export function decodeAct(value: unknown): Act | BadAct {
  return attempt(() => actOf(value));
}

export function decodeSignedAct(value: unknown): SignedAct | BadAct {
  return attempt(() => {
    const fields = fieldsOf(value, 'signed act', ['act', 'signatures']);
    return { act: actOf(fields['act']), signatures: signaturesOf(fields['signatures']) };
  });
}

/** The record that a line of a journal holds; only the very bytes that `recordLine` writes. */
export function decodeRecord(line: string): ActRecord | BadAct {
  return attempt(() => {
    const fields = fieldsOf(parsed(line), 'record', ['atMs', 'act', 'signatures']);
    const record = {
      atMs: timeOf(fields, 'atMs'),
      act: actOf(fields['act']),
      signatures: signaturesOf(fields['signatures']),
    };
    return recordLine(record) === line ? record : refuse('record', 'not in canonical form');
  });
}

/** The canonical line of a record, with its line feed. */
export function recordLine({ atMs, act, signatures }: ActRecord): string {
  const signed = signatures.map(({ key, signature }) => ({ key, signature }));
  return `{"atMs":${atMs},"act":${canonicalAct(act)},"signatures":${asciiJson(signed)}}\n`;
}

/** Thrown inside this file alone. */
class Refused extends Error {}

function refuse(field: string, why: string): never {
  throw new Refused(`${field}: ${why}`);
}

function attempt<T>(decode: () => T): T | BadAct {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Refused || error instanceof BadCommandRecord) return { bad: error.message };
    throw error;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return refuse('record', 'not JSON');
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object that has exactly these. */
function fieldsOf(value: unknown, name: string, expected: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(name, 'not an object');
  const unknown = Object.keys(value).find((field) => !expected.includes(field));
  if (unknown !== undefined) refuse(`${name}.${unknown}`, 'no such field');
  const missing = expected.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined) refuse(`${name}.${missing}`, 'missing');
  return value as Fields;
}

function actOf(value: unknown): Act {
  const fields = fieldsOf(value, 'act', ['venue', 'fork', 'nonce', 'notBeforeMs', 'expiryMs', 'reason', 'what']);
  return {
    venue: fields['venue'] === null ? null : keyOf(fields['venue'], 'venue'),
    fork: wholeOf(fields, 'fork', 0xffff_ffff),
    nonce: matching(fields['nonce'], 'nonce', NONCE, '32 lower-case hexadecimal digits'),
    notBeforeMs: timeOf(fields, 'notBeforeMs'),
    expiryMs: timeOf(fields, 'expiryMs'),
    reason: reasonOf(fields['reason']),
    what: contentOf(fields['what']),
  };
}

function contentOf(value: unknown): ActContent {
  const kind = typeof value === 'object' && value !== null ? (value as Fields)['kind'] : undefined;
  switch (kind) {
    case 'commands':
      return { kind, commands: commandsOf(fieldsOf(value, 'what', ['kind', 'commands'])['commands']) };
    case 'lift':
      return { kind, component: componentOf(fieldsOf(value, 'what', ['kind', 'component'])['component']) };
    case 'reopen': {
      const component = componentOf(fieldsOf(value, 'what', ['kind', 'component'])['component']);
      return component.kind === 'account'
        ? refuse('what.component', 'no market, and not the venue')
        : { kind, component };
    }
    case 'announce':
      return { kind, hash: keyOf(fieldsOf(value, 'what', ['kind', 'hash'])['hash'], 'what.hash') };
    case 'rollback': {
      const fields = fieldsOf(value, 'what', ['kind', 'restores', 'deadHead', 'incident', 'orderPolicy']);
      const { deadHead, incident, orderPolicy } = fields;
      return {
        kind,
        restores: wholeOf(fields, 'restores', Number.MAX_SAFE_INTEGER),
        deadHead: keyOf(deadHead, 'what.deadHead'),
        incident: incident === null ? null : keyOf(incident, 'what.incident'),
        orderPolicy: ORDER_POLICIES.find((name) => name === orderPolicy) ?? refuse('what.orderPolicy', 'unknown'),
      };
    }
    case 'approveRefunds':
      return approvalOf(fieldsOf(value, 'what', ['kind', ...APPROVAL_FIELDS]));
    case 'revokeRefunds': {
      const fields = fieldsOf(value, 'what', ['kind', 'incident', 'round']);
      return { kind, incident: keyOf(fields['incident'], 'what.incident'), round: roundOf(fields) };
    }
    case 'enrol': {
      const keys = listOf(fieldsOf(value, 'what', ['kind', 'keys'])['keys'], 'what.keys', SIGNATURE_LIMIT);
      return { kind, keys: keys.map(enrolledOf) };
    }
    case 'retire':
      return { kind, key: keyOf(fieldsOf(value, 'what', ['kind', 'key'])['key'], 'what.key') };
    default:
      return refuse('what.kind', 'unknown');
  }
}

const APPROVAL_FIELDS = [
  'incident',
  'round',
  'content',
  'plan',
  'payments',
  'total',
  'largest',
  'reversals',
  'reversed',
] as const;
const DIGITS = /^(?:0|[1-9]\d{0,19})$/;
const MOST_TRANSFERS = 1 << 24;

function approvalOf(fields: Fields): ActContent {
  const digits = (field: string): string => matching(fields[field], `what.${field}`, DIGITS, 'decimal digits');
  const hash = (field: string): string => keyOf(fields[field], `what.${field}`);
  return {
    kind: 'approveRefunds',
    incident: hash('incident'),
    round: roundOf(fields),
    content: hash('content'),
    plan: hash('plan'),
    payments: wholeOf(fields, 'payments', MOST_TRANSFERS),
    total: digits('total'),
    largest: digits('largest'),
    reversals: wholeOf(fields, 'reversals', MOST_TRANSFERS),
    reversed: digits('reversed'),
  };
}

function roundOf(fields: Fields): number {
  const round = wholeOf(fields, 'round', 0xffff_ffff);
  return round === 0 ? refuse('what.round', '0 is none') : round;
}

function enrolledOf(value: unknown): { key: string; role: (typeof ROLES)[number] } {
  const fields = fieldsOf(value, 'what.keys', ['key', 'role']);
  const role = ROLES.find((name) => name === fields['role']);
  return { key: keyOf(fields['key'], 'what.keys.key'), role: role ?? refuse('what.keys.role', 'unknown') };
}

function commandsOf(value: unknown): ActCommand[] {
  return listOf(value, 'what.commands', COMMAND_LIMIT).map((command) => {
    const kind = typeof command === 'object' && command !== null ? (command as Fields)['kind'] : undefined;
    if (!ADMINISTRATIVE_KINDS.some((name) => name === kind)) refuse('what.commands.kind', 'not of an administrator');
    if (Object.hasOwn(command as object, 'timeMs')) refuse('what.commands.timeMs', 'the exchange gives the time');
    return orderedCommand(command as ActCommand);
  });
}

function componentOf(value: unknown): Component {
  const kind = typeof value === 'object' && value !== null ? (value as Fields)['kind'] : undefined;
  if (kind === 'venue') return fieldsOf(value, 'what.component', ['kind']) && { kind };
  if (kind !== 'market' && kind !== 'account') return refuse('what.component.kind', 'unknown');
  const row = wholeOf(fieldsOf(value, 'what.component', ['kind', kind]), kind, 0x7fff_ffff);
  if (row === 0) refuse(`what.component.${kind}`, '0 is none');
  return kind === 'market' ? { kind, market: row } : { kind, account: row };
}

function signaturesOf(value: unknown): Signature[] {
  if (!Array.isArray(value) || value.length > SIGNATURE_LIMIT) return refuse('signatures', 'not a list of signatures');
  return value.map((each) => {
    const fields = fieldsOf(each, 'signatures', ['key', 'signature']);
    return {
      key: keyOf(fields['key'], 'signatures.key'),
      signature: matching(fields['signature'], 'signatures.signature', SIGNATURE, '128 lower-case hexadecimal digits'),
    };
  });
}

function listOf(value: unknown, field: string, most: number): unknown[] {
  if (!Array.isArray(value)) return refuse(field, 'not a list');
  return value.length >= 1 && value.length <= most
    ? value
    : refuse(field, `${value.length} entries, 1 to ${most} belong`);
}

function keyOf(value: unknown, field: string): string {
  return matching(value, field, KEY, '64 lower-case hexadecimal digits');
}

function matching(value: unknown, field: string, pattern: RegExp, expected: string): string {
  return typeof value === 'string' && pattern.test(value) ? value : refuse(field, `not ${expected}`);
}

function reasonOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') return refuse('reason', 'a text is missing');
  if (!value.isWellFormed()) return refuse('reason', 'the text has a lone surrogate');
  if (UNSEEN.test(value)) return refuse('reason', 'a character that steers what is shown');
  return value.length <= REASON_LIMIT ? value : refuse('reason', `${value.length} characters, at most ${REASON_LIMIT}`);
}

function timeOf(fields: Fields, field: string): number {
  return wholeOf(fields, field, TIME_LIMIT);
}

function wholeOf(fields: Fields, field: string, most: number): number {
  const value = fields[field];
  const isWhole = typeof value === 'number' && Number.isInteger(value) && value >= 0 && !Object.is(value, -0);
  return isWhole && value <= most ? value : refuse(field, `not a whole number from 0 to ${most}`);
}
