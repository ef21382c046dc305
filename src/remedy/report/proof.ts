/** How to check it: one command for each number. */
import type { Section } from './document.ts';
import type { ReportInput } from './report-input.ts';
import { countText, exactUsdcText } from './text.ts';

/** 12: receipts, verifiers, how to compute it again. */
export function proofSection({ dossier }: ReportInput): Section {
  const { roots } = dossier;
  return {
    id: 'check',
    title: 'How to check every number',
    blocks: [
      {
        kind: 'paragraph',
        text: 'Whoever had an account got a receipt with the numbers of its own equation. It is checked offline, with nothing but the receipt and the roots below; there are two verifiers that share no code.',
      },
      {
        kind: 'commands',
        commands: [
          ['./makewhole verify receipt receipt.json --roots roots.json', 'your receipt, statement by statement'],
          [
            'node verifier/verify-receipt.mjs receipt.json roots.json',
            'the same by the second verifier: one file, no dependencies',
          ],
        ],
      },
      {
        kind: 'facts',
        facts: [
          ['Refund root (OpenZeppelin standard-v1)', `\`${roots.refundRoot}\``],
          ['Sum root', `\`${roots.sumRoot}\``],
          ['Total that it binds', `${exactUsdcText(roots.total)} USDC`],
          ['Leaves', `${countText(roots.leaves)}: one for each account, zero and its reason included`],
          ['Case', `\`${roots.incident}\``],
          ['Policy', `\`${roots.policy}\``],
        ],
      },
      {
        kind: 'paragraph',
        text: 'Whoever has the journal can compute everything again: the history, the forced actions, the effect of each remedy, every claim and every number of this report. Only the two roots rest on a secret as well, from which the salts follow that hide the accounts; an auditor who is given it computes them too.',
      },
      {
        kind: 'commands',
        commands: [
          ['./makewhole verify --journal JOURNAL', 'every block of the history (timeline, state roots)'],
          [
            './makewhole verify warrants --journal JOURNAL',
            'every forced action, and every signed act (how far it reached)',
          ],
          [
            './makewhole incident measure --journal JOURNAL --case case.json',
            'what each remedy would have done (what was decided)',
          ],
          [
            './makewhole incident draft --journal JOURNAL --case case.json --out CASE',
            'claims, totals and divergence (everything else); with the secret in CASE, the roots',
          ],
          ['./makewhole incident report --case CASE', 'this report'],
        ],
      },
    ],
  };
}
