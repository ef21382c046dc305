// What `makewhole key act` is asked to write, as the content of an act.
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { RULES } from '../engine/rules.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { actHash, type ActCommand, type ActContent, type EnrolledKey, ROLES } from '../guard/authority/act.ts';
import type { Component } from '../guard/finding.ts';
import { readActFile } from './act-file.ts';
import { CommandError } from './errors.ts';

export interface ContentOptions {
  readonly status?: string;
  readonly pause?: string;
  readonly rule?: string;
  readonly parameter?: string;
  readonly command?: string[];
  readonly market?: number;
  readonly value?: number;
  readonly lift?: string;
  readonly reopen?: string;
  readonly announce?: string;
  readonly enrol?: string[];
  readonly retire?: string;
  readonly revokeRefunds?: string;
}

/** The options of which an act is about exactly one. */
const ABOUT = [
  'status',
  'rule',
  'parameter',
  'command',
  'lift',
  'reopen',
  'announce',
  'enrol',
  'retire',
  'revokeRefunds',
] as const;

/** The content that the options ask for. Refuses (named) none, two, and names that are none of the exchange's. */
export function contentOf(options: ContentOptions): ActContent {
  const given = ABOUT.filter((name) => options[name] !== undefined);
  const [about] = given;
  if (about === undefined || given.length > 1) {
    const names = ABOUT.map((name) => `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`).join(', ');
    throw new CommandError('act_about_one_thing', `give exactly one of ${names}; ${given.length} were given`);
  }
  const { lift = '', reopen = '', announce = '', enrol = [], retire = '', revokeRefunds = '' } = options;
  switch (about) {
    case 'lift':
      return { kind: 'lift', component: componentOf(lift) };
    case 'reopen':
      return { kind: 'reopen', component: componentOf(reopen) };
    case 'announce':
      return { kind: 'announce', hash: actHash(readActFile(announce).act) };
    case 'enrol':
      return { kind: 'enrol', keys: enrol.map(enrolledOf) };
    case 'retire':
      return { kind: 'retire', key: retire };
    case 'revokeRefunds':
      return revocationOf(revokeRefunds);
    default:
      return { kind: 'commands', commands: commandsOf(options) };
  }
}

function commandsOf(options: ContentOptions): ActCommand[] {
  const { status, pause = '', rule, parameter, command = [], market = 0 } = options;
  if (status !== undefined) return [{ kind: 'setStatus', market, status: statusOf(status), paused: pausedOf(pause) }];
  if (rule !== undefined) {
    const number = RULES.findIndex(({ name }) => name === rule);
    if (number < 0) throw new CommandError('rule_unknown', `there is no rule "${rule}"`);
    return [{ kind: 'setRule', rule: number, value: valueOf(options) }];
  }
  if (parameter !== undefined) {
    const number = MARKET_PARAMETERS.findIndex((name) => name === parameter.toUpperCase());
    if (number < 0) {
      throw new CommandError(
        'parameter_unknown',
        `no parameter "${parameter}"; there are ${MARKET_PARAMETERS.join(', ')}`,
      );
    }
    return [{ kind: 'setMarketParameter', market, parameter: number, value: valueOf(options) }];
  }
  return command.map(parsedCommand);
}

function parsedCommand(text: string): ActCommand {
  try {
    return JSON.parse(text) as ActCommand;
  } catch {
    throw new CommandError('command_not_json', `--command ${text} is not JSON`);
  }
}

function valueOf({ value }: ContentOptions): number {
  if (value === undefined) throw new CommandError('value_missing', 'name the new value with --value');
  return value;
}

function statusOf(text: string): number {
  const status = Object.entries(STATUS).find(([name]) => name === text.toUpperCase())?.[1];
  if (status !== undefined) return status;
  throw new CommandError('status_unknown', `no status "${text}"; there are ${Object.keys(STATUS).join(', ')}`);
}

function pausedOf(text: string): number {
  let paused = 0;
  for (const name of text.split(',').filter((part) => part !== '')) {
    const bit = Object.entries(OPERATION).find(([operation]) => operation === name.trim().toUpperCase())?.[1];
    if (bit === undefined) {
      throw new CommandError(
        'operation_unknown',
        `no operation "${name}"; there are ${Object.keys(OPERATION).join(', ')}`,
      );
    }
    paused |= bit;
  }
  return paused;
}

/** `venue`, `market:3` or `account:17`. */
function componentOf(text: string): Component {
  const [kind, row] = text.split(':');
  if (text === 'venue') return { kind: 'venue' };
  const number = /^\d{1,10}$/.test(row ?? '') ? Number(row) : 0;
  if (kind === 'market' && number > 0) return { kind, market: number };
  if (kind === 'account' && number > 0) return { kind, account: number };
  throw new CommandError('component_unknown', `"${text}" is none of venue, market:N, account:N`);
}

/** `CASE:ROUND`: the hash of a case, and a round of its payout. */
function revocationOf(text: string): ActContent {
  const [incident = '', round = ''] = text.split(':');
  if (/^[0-9a-f]{64}$/.test(incident) && /^[1-9]\d{0,8}$/.test(round)) {
    return { kind: 'revokeRefunds', incident, round: Number(round) };
  }
  throw new CommandError('payout_unknown', `"${text}" is not the hash of a case, a colon and a round`);
}

/** `operator:KEY` or `guard:KEY`. */
function enrolledOf(text: string): EnrolledKey {
  const [name, key = ''] = text.split(':');
  const role = ROLES.find((each) => each === name);
  if (role === undefined) throw new CommandError('role_unknown', `"${text}" is neither operator:KEY nor guard:KEY`);
  return { key, role };
}
