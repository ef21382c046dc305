/** The act that allows a rollback: judged by the roster that the whole history has made, branches that died included. */
import type { RollbackCertificate } from '../chain/certificate.ts';
import { Authority } from '../guard/authority/authority.ts';
import { recordLine, type SignedAct } from '../guard/authority/decode-act.ts';
import { passActs, passApproval, type UnfitAct } from '../guard/authority/passed-acts.ts';
import type { Journal } from '../journal/journal.ts';
import { decodeCertificate } from '../chain/certificate.ts';

/** The certificate with its approval; or why there is none. */
export function approve(
  journal: Journal,
  unsigned: RollbackCertificate,
  approval: SignedAct | undefined,
  timeMs: number,
): { readonly certificate: RollbackCertificate } | { readonly why: string } {
  const authority = authorityOf(journal);
  if ('verdict' in authority) return { why: textOf(authority) };
  const atMs = Math.max(timeMs, authority.lastActMs);
  const line = approval === undefined ? null : recordLine({ ...approval, atMs }).trimEnd();
  const certificate = { ...unsigned, approval: line };
  const unfit = passApproval(authority, certificate);
  return unfit === undefined ? { certificate } : { why: textOf(unfit) };
}

/** Who may decide at the end of a history; or the first act of it that does not stand. */
function authorityOf(journal: Journal): Authority | UnfitAct {
  // Neither rules nor quarantines matter: what is asked for here are keys and nonces.
  const authority = new Authority(
    () => 0,
    () => undefined,
  );
  for (const entry of journal.entries()) {
    if (entry.kind === 'block') continue;
    const { certificate } = entry;
    const past = certificate === undefined ? undefined : decodeCertificate(certificate);
    const unfit = past === undefined ? passActs(authority, entry) : passApproval(authority, past);
    if (unfit !== undefined) return unfit;
  }
  return authority;
}

function textOf({ verdict: { refusal, about } }: UnfitAct): string {
  return about === '' ? refusal : `${refusal}: ${about}`;
}
