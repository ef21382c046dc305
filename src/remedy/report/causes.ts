/** Why it happened, how it was found, and what is done so that it does not happen again: what people wrote, and what is known without them. */
import type { Block, Section, Table } from './document.ts';
import type { PayoutFacts, ReportInput } from './report-input.ts';
import { countText, timeText, usdcText } from './text.ts';

const UNWRITTEN = 'The venue has published no account of this.';

function paragraphsOf(texts: readonly string[] | undefined): Block[] {
  if (texts === undefined || texts.length === 0) return [{ kind: 'note', text: UNWRITTEN }];
  return texts.map((text): Block => ({ kind: 'paragraph', text }));
}

/** 3: the root cause. What the correction set says is there in any case. */
export function rootCauseSection({ dossier, notes }: ReportInput): Section {
  const { case: incident } = dossier;
  return {
    id: 'root-cause',
    title: 'Root cause',
    blocks: [
      ...paragraphsOf(notes?.rootCause),
      {
        kind: 'facts',
        facts: [
          ['Recorded inputs that are corrected', countText(incident.correctedCommands)],
          ['Times that memory left its history', countText(incident.deviations)],
          ['Markets named', incident.markets.length === 0 ? 'none' : incident.markets.join(', ')],
          ['Halts of the venue in the corrected world', incident.keepHalts ? 'kept' : 'left out'],
          ['Correction set', `\`${incident.corrections}\``],
          ['Case', `\`${incident.hash}\``],
        ],
      },
      {
        kind: 'paragraph',
        text: 'Only what came from outside is corrected. Liquidations, triggers and charges of funding are never edited: they follow anew from the corrected inputs.',
      },
    ],
  };
}

/** 4: how it was found. */
export function detectionSection({ notes }: ReportInput): Section {
  return {
    id: 'detection',
    title: 'How it was found, and why not earlier',
    blocks: paragraphsOf(notes?.detection),
  };
}

const actionsOf = ({ notes }: ReportInput): Table => ({
  caption: 'What is done, by whom, until when',
  columns: ['Action', 'Owner', 'Due', 'Test that finds it from now on'].map((name) => ({ name, isNumber: false })),
  rows: (notes?.actions ?? []).map(({ what, owner, due, test }) => [what, owner, due, `\`${test}\``]),
});

/** 14: what is done so that it does not happen again. */
export function actionsSection(input: ReportInput): Section {
  const table = actionsOf(input);
  const block: Block = table.rows.length === 0 ? { kind: 'note', text: UNWRITTEN } : { kind: 'table', table };
  return { id: 'corrective-actions', title: 'Corrective actions', blocks: [block] };
}

/** 15: who signed, and what names this report. */
export function signaturesSection({ dossier, dossierHash, approvals, payout }: ReportInput): Section {
  const blocks: Block[] = [
    {
      kind: 'facts',
      facts: [
        ['Dossier', `\`${dossierHash}\``],
        ['Round', `${dossier.round}${dossier.previous === null ? '' : `, after \`${dossier.previous}\``}`],
        ['Effect that the approvers see', `\`${dossier.effect}\``],
        ['State root of the last good block', `\`${dossier.case.from.stateRoot}\``],
        ['State root of the check time', `\`${dossier.case.to.stateRoot}\``],
      ],
    },
  ];
  if (approvals.length === 0) blocks.push({ kind: 'note', text: 'Nobody has approved this dossier yet.' });
  else {
    const rows = approvals.map(({ key, expiryMs }) => [`\`${key}\``, timeText(expiryMs)]);
    const columns = ['Key', 'May be paid by it until'].map((name) => ({ name, isNumber: false }));
    blocks.push({ kind: 'table', table: { caption: 'Approvals of this dossier', columns, rows } });
  }
  if (payout !== undefined) blocks.push({ kind: 'paragraph', text: payoutText(payout) });
  return { id: 'signatures', title: 'Signatures and checkpoint', blocks };
}

function payoutText({ payments, posted, postedTotal, pendingTotal, timeMs }: PayoutFacts): string {
  const rest = posted === payments ? '' : ` ${usdcText(pendingTotal)} USDC is set aside and not posted yet.`;
  return `Posted by ${timeText(timeMs)}: ${countText(posted)} of ${countText(payments)} payments, ${usdcText(postedTotal)} USDC.${rest}`;
}
