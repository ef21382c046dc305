/** The rollback of the drill: back to the block that the maintenance closed with, and what it carried over. */
import { copyState } from '../../chain/copy-state.ts';
import { FATES } from '../../chain/fates.ts';
import { type RolledBack, rollBack } from '../../incident/roll-back.ts';
import { sha256 } from '../../journal/node-digest.ts';
import { toHex } from '../../chain/digest.ts';
import { caseHash, correctionsHash } from '../../remedy/incident-case.ts';
import type { Closed, ParadexOptions } from './paradex.ts';
import { type Measured, RACE_REASON } from './incident.ts';
import type { RollbackResult } from './result.ts';

/** Rolls back, and tells. Throws where it is refused: in a drill it never may be. */
export function rollBackTo(
  options: ParadexOptions,
  closed: Closed,
  { incident }: Measured,
): { readonly done: RolledBack; readonly result: RollbackResult } {
  const { block, world } = closed;
  const done = rollBack(options.journal, {
    hash: sha256,
    restores: block.height,
    reason: RACE_REASON,
    incident: toHex(caseHash(incident)),
    corrections: toHex(correctionsHash(incident.corrections)),
    deviations: incident.corrections.deviations,
    start: { state: copyState(closed.state), block },
  });
  if (!done.accepted) throw new Error(`the rollback is refused: ${done.refusal} ${done.about}`);
  const { certificate, custody } = done;
  const result: RollbackResult = {
    restores: certificate.restores.height,
    forkId: certificate.forkId,
    carriedDeposits: certificate.carried.deposits.count,
    carriedWithdrawals: certificate.carried.withdrawals.count,
    custodyIdentity:
      custody.restored.residual === 0n &&
      custody.dead?.residual === 0n &&
      custody.dead.vault === custody.restored.vault,
    fates: Object.fromEntries(
      FATES.flatMap((fate) => {
        const count = certificate.fates.counts[fate];
        return count === undefined ? [] : [[fate, count]];
      }),
    ),
  };
  options.told.onMoment?.({ kind: 'rollback', timeMs: world.at('rollback'), result });
  return { done, result };
}
