/** What an act does, in words: what people read before they sign it. */
import { camelCase } from '../../chain/command-value.ts';
import { MARKET_PARAMETERS } from '../../engine/command.ts';
import { RULES } from '../../engine/rules.ts';
import { OPERATION, pausedByStatus, STATUS } from '../../engine/status.ts';
import { componentName } from '../finding.ts';
import { type Act, type ActCommand, asciiJson, type RefundApproval } from './act.ts';
import { isGuardLimit, TIGHTER } from './guard-limits.ts';

/** One line for each thing that the act does; numbers that are none of the exchange's are said to be so. */
export function effectOf({ what }: Act): string[] {
  switch (what.kind) {
    case 'commands':
      return what.commands.map(commandText);
    case 'lift':
      return [`ends the quarantine of the ${componentName(what.component)}; what still differs is found again`];
    case 'reopen':
      return [`opens the ${componentName(what.component)}, rung by rung where the exchange has its ladder`];
    case 'announce':
      return [`announces the act ${what.hash}`];
    case 'rollback':
      return [
        `rolls the exchange back to the end of block ${what.restores}: what came after it, up to block ${what.deadHead}, is undone`,
        'but for deposits, for withdrawals that left (what free collateral does not cover is owed), and for accounts and markets that were opened',
        'cancels every open order but untriggered take-profit and stop-loss orders and those that only reduce',
        what.incident === null ? 'it belongs to no case' : `it belongs to the case ${what.incident}`,
      ];
    case 'approveRefunds':
      return approvalText(what);
    case 'revokeRefunds':
      return [
        `takes back the approval of round ${what.round} of the payout of case ${what.incident}`,
        'what was posted stays; what is set aside and not posted stays set aside',
      ];
    case 'enrol':
      return what.keys.map(({ key, role }) => `enrols the key ${key} as ${roleText(role)}`);
    case 'retire':
      return [`retires the key ${what.key} for good`];
  }
}

function approvalText(approval: RefundApproval): string[] {
  const { incident, round, content, plan, payments, total, largest, reversals, reversed } = approval;
  const taken = `takes back ${reversals} ${reversals === 1 ? 'credit' : 'credits'} of ${usdcText(reversed)} USDC in all`;
  return [
    `pays ${payments} ${payments === 1 ? 'refund' : 'refunds'} of ${usdcText(total)} USDC in all, the largest ${usdcText(largest)} USDC`,
    ...(reversals === 0 ? [] : [taken]),
    `for round ${round} of the case ${incident}`,
    `as the transfers ${plan}, and as shown by the content ${content}`,
  ];
}

/** An amount of 1e-8 USDC in USDC, with all of its digits. */
export function usdcText(amount: string): string {
  const digits = amount.padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

function roleText(role: string): string {
  return role === 'operator' ? 'an operator' : 'a key of the guard';
}

function commandText(command: ActCommand): string {
  const field = (name: string): number => command[name] as number;
  switch (command.kind) {
    case 'setStatus':
      return statusText(field('market'), field('status'), field('paused'));
    case 'setRule':
      return ruleText(field('rule'), field('value'));
    case 'setMarketParameter': {
      const parameter = MARKET_PARAMETERS[field('parameter')];
      const name = parameter === undefined ? `no parameter (${field('parameter')})` : camelCase(parameter);
      return `sets ${name} of market ${field('market')} to ${field('value')}`;
    }
    case 'cancelForFork':
    case 'carryWithdrawal':
    case 'reverseCredit':
    case 'reserveRefund':
    case 'postRefund':
    case 'voidRefund':
      return `applies the command of a remedy ${asciiJson(command)}`;
    case 'defineMarket':
      return `defines a market: ${asciiJson(command)}`;
  }
}

function statusText(market: number, status: number, paused: number): string {
  const name = Object.entries(STATUS).find(([, code]) => code === status)?.[0] ?? `no status (${status})`;
  const stopped = operations(paused | (pausedByStatus(status) ?? 0));
  return `sets ${market === 0 ? 'the venue' : `market ${market}`} to ${name}: ${stopped}`;
}

function operations(bits: number): string {
  const names = Object.entries(OPERATION).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name.toLowerCase()]));
  return names.length === 0 ? 'nothing is stopped' : `stops ${names.join(', ')}`;
}

function ruleText(number: number, value: number): string {
  const rule = RULES[number];
  if (rule === undefined) return `sets no rule (${number})`;
  const text = `sets the rule ${rule.name} to ${value} ${rule.unit} (default ${rule.default}): ${rule.about}`;
  if (!isGuardLimit(number)) return text;
  const tighter = TIGHTER[rule.name as keyof typeof TIGHTER];
  return `${text}; a limit of the guard, ${tighter === 'neither' ? 'no way is tighter' : `${tighter} is tighter`}`;
}
