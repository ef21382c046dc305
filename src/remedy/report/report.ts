/** The public report of an incident: fifteen sections, from public documents alone. */
import { divergenceSection, totalsSection } from './amounts.ts';
import { actionsSection, detectionSection, rootCauseSection, signaturesSection } from './causes.ts';
import type { ReportDocument } from './document.ts';
import { summarySection, timelineSection } from './overview.ts';
import { proofSection } from './proof.ts';
import type { ReportInput } from './report-input.ts';
import { claimsSection, formulaSection, policySection } from './rules.ts';
import { decisionSection, haltsSection, radiusSection } from './scope.ts';
import { dayText, timeText } from './text.ts';

/** The report as a document: what Markdown and HTML are written from. */
export function reportDocument(input: ReportInput): ReportDocument {
  const { dossier, dossierHash } = input;
  const { case: incident, round } = dossier;
  return {
    title: `Incident report: ${incident.name}`,
    subtitle: `${dayText(incident.from.timeMs)}, round ${round}. Times are UTC, amounts are USDC; cents are rounded, the exact amounts are in dossier.json.`,
    sections: [
      summarySection(dossier),
      timelineSection(dossier),
      rootCauseSection(input),
      detectionSection(input),
      radiusSection(input),
      haltsSection(input),
      decisionSection(input),
      policySection(input),
      formulaSection(input),
      totalsSection(input),
      divergenceSection(input),
      proofSection(input),
      claimsSection(input),
      actionsSection(input),
      signaturesSection(input),
    ],
    colophon: `Written from the dossier \`${dossierHash}\`, whose window ends at ${timeText(incident.to.timeMs)}.`,
  };
}
