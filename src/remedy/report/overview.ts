/** What a reader needs first: what happened, to how many, what is paid, and when what happened. */
import type { Dossier } from '../dossier.ts';
import type { Block, Figure, Section } from './document.ts';
import { clockText, countText, dayText, spanText, timeText, usdcText } from './text.ts';

function figuresOf({ totals, accounts, forced, conservation, checks }: Dossier): Figure[] {
  const held = checks.filter(({ holds }) => holds).length;
  return [
    { value: usdcText(totals.refund), unit: 'USDC', label: 'refunded in all' },
    {
      value: countText(accounts.refunded),
      unit: 'accounts',
      label: `refunded, of ${countText(accounts.assessed)} assessed`,
    },
    { value: countText(forced.wrongful.count), unit: 'actions', label: 'forced on accounts and wrong' },
    { value: conservation.residual, unit: 'residual', label: 'what the sums of both worlds leave unexplained' },
    { value: `${held} of ${checks.length}`, unit: 'checks', label: 'hold; one that does not blocks approval' },
  ];
}

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The markets whose inputs were wrong, in words; many are counted. */
function wrongOf({ case: { markets, correctedCommands, deviations } }: Dossier): string {
  const names =
    markets.length > 6 ? `${markets.slice(0, 5).join(', ')} and ${markets.length - 5} other markets` : list(markets);
  const parts = [
    ...(correctedCommands > 0
      ? [
          correctedCommands === 1
            ? 'one recorded input is corrected'
            : `${countText(correctedCommands)} recorded inputs are corrected`,
        ]
      : []),
    ...(deviations > 0
      ? [`the venue’s memory left its own history ${deviations === 1 ? 'once' : `${countText(deviations)} times`}`]
      : []),
  ];
  const what = parts.length === 0 ? 'no input is corrected' : list(parts);
  const sentence = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`;
  return names === '' ? `${sentence}.` : `${sentence}: ${names}.`;
}

function summaryOf(dossier: Dossier): string[] {
  const { case: incident, accounts, forced, totals, fund, conservation, roots } = dossier;
  const span = spanText(incident.to.timeMs - incident.from.timeMs);
  const owed =
    totals.owed === '0' ? 'nothing is still owed' : `${usdcText(totals.owed)} USDC is still owed as dated receivables`;
  return [
    `From ${timeText(incident.from.timeMs)} (block ${incident.from.height}, the last good one) to ${timeText(incident.to.timeMs)} (block ${incident.to.height}): ${span}.`,
    wrongOf(dossier),
    `${countText(forced.wrongful.count)} forced actions were wrong, on ${countText(forced.wrongful.accounts)} accounts; ${countText(forced.legitimate.count)} would have happened in any case.`,
    `${countText(accounts.refunded)} accounts are refunded ${usdcText(totals.refund)} USDC; ${usdcText(totals.paid)} USDC is paid now, ${owed}. The fund ${fund.suffices ? 'suffices' : 'does not suffice'}.`,
    `All ${countText(accounts.assessed)} accounts were assessed. What both worlds hold differs by nothing that is unexplained (residual ${conservation.residual}); the refund root is \`${roots.refundRoot}\`.`,
  ];
}

/** 1: the summary. */
export function summarySection(dossier: Dossier): Section {
  const blocks: Block[] = [
    { kind: 'paragraph', text: dossier.case.reason },
    { kind: 'figures', figures: figuresOf(dossier) },
    { kind: 'list', items: summaryOf(dossier), isNumbered: false },
  ];
  const failed = dossier.checks.filter(({ holds }) => !holds);
  if (failed.length > 0) {
    const names = list(failed.map(({ name }) => name));
    blocks.push({ kind: 'note', text: `This is a draft that cannot be approved: ${names} does not hold.` });
  }
  return { id: 'summary', title: 'Summary', blocks };
}

/** 2: the timeline. The day stands where it changes; every line names the block at which it can be looked up. */
export function timelineSection({ timeline }: Dossier): Section {
  let day = '';
  const entries = timeline.map(({ timeMs, fork, height, what }) => {
    const own = dayText(timeMs);
    const time = `${own === day ? '' : `${own}, `}${clockText(timeMs, true)}`;
    day = own;
    return { time, place: `${fork === 0 ? '' : `fork ${fork}, `}block ${height}`, what };
  });
  return {
    id: 'timeline',
    title: 'Timeline',
    blocks: [
      { kind: 'paragraph', text: 'Times are the venue’s own, in UTC, as its blocks have them.' },
      entries.length === 0 ? { kind: 'note', text: 'Nothing was noted.' } : { kind: 'timeline', entries },
    ],
  };
}
