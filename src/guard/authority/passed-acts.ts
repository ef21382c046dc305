/**
 * Acts of branches that rollbacks ended, and the acts that allowed the rollbacks. The roster and the used nonces outlive a branch; so
 * who is passed over is still asked whether they had the right: an enrolment on a dead branch must not be a way around the keys.
 */
import type { RollbackCertificate } from '../../chain/certificate.ts';
import type { BatchEntry } from '../../chain/entry.ts';
import { decodeLines } from '../warrant.ts';
import type { Authority } from './authority.ts';
import { decodeRecord } from './decode-act.ts';
import type { ActVerdict, RefusedAct } from './judge-act.ts';

/** An act that does not stand, and the line it was read from. */
export interface UnfitAct {
  readonly verdict: RefusedAct<Extract<ActVerdict, { accepted: false }>['refusal'] | ApprovalRefusal>;
  readonly line: string;
}

type ApprovalRefusal = 'approval_missing' | 'approval_differs';

/** Takes a batch of a branch that is passed over, or what stands beside one. Returns the first act that does not stand. */
export function passActs(authority: Authority, entry: BatchEntry): UnfitAct | undefined {
  const { acts, warrants, holds, certificate, fork } = entry;
  if (acts === undefined) {
    if (warrants === undefined && holds === undefined && certificate === undefined) authority.meet(entry, true);
    return undefined;
  }
  for (const line of decodeLines(acts)) {
    const record = decodeRecord(line);
    const atMs = 'bad' in record ? 0 : record.atMs;
    const verdict = authority.judge(record, { fork, atMs, nowMs: 0 });
    if (verdict.accepted) authority.propose(verdict.record, true);
    // How many keys commands need depends on what was in force, which is not followed here; that they are signed does not.
    else if (verdict.refusal === 'too_few_keys' && !('bad' in record) && !isOfKeys(record.act.what.kind)) {
      authority.propose(record, true);
    } else return { verdict, line };
  }
  return undefined;
}

function isOfKeys(kind: string): boolean {
  return kind === 'enrol' || kind === 'retire';
}

/**
 * A branch ends by this certificate: with a roster, the act in it must allow exactly this, and it is taken in. Returns why it does not
 * stand.
 */
export function passApproval(authority: Authority, certificate: RollbackCertificate): UnfitAct | undefined {
  authority.endBranch();
  const { approval, parent, restores, deadHead, incident, orderPolicy } = certificate;
  const line = approval ?? '';
  const unfit = (refusal: ApprovalRefusal, about: string): UnfitAct => {
    return { verdict: { accepted: false, refusal, about }, line };
  };
  if (approval === null) {
    return authority.roster.isEmpty ? undefined : unfit('approval_missing', `block ${restores.height}`);
  }
  const record = decodeRecord(`${approval}\n`);
  const atMs = 'bad' in record ? 0 : record.atMs;
  const verdict = authority.judge(record, { fork: parent, atMs, nowMs: 0, isRollback: true });
  if (!verdict.accepted) return { verdict, line };
  const { what } = verdict.record.act;
  const isSame =
    what.kind === 'rollback' &&
    what.restores === restores.height &&
    what.deadHead === deadHead.hash &&
    what.incident === incident &&
    what.orderPolicy === orderPolicy;
  if (!isSame) return unfit('approval_differs', 'it allows another rollback');
  authority.take(verdict.record);
  return undefined;
}
