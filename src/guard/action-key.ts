/** Forced actions as they come again: which proposals are the same one, and how often it can be proposed. */
import { CLOSE } from '../engine/refusal.ts';
import type { ForcedAction } from './verdict.ts';

/** The same for each proposal of one action on an account, whatever its numbers are by now. */
export function actionKey(account: number, action: ForcedAction): string {
  if (action.kind === 'liquidate') return `${account} ${action.kind}`;
  return `${account} ${action.kind} ${action.kind === 'settlePosition' ? action.market : action.order}`;
}

/** True for what only a health check of all accounts proposes; everything else is proposed at every tick while it is due. */
export function isOfHealthCheck(action: ForcedAction): boolean {
  if (action.kind === 'forceCancel') return action.reason === CLOSE.DELEVERAGE;
  return action.kind !== 'fireTrigger';
}
