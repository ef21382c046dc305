// `makewhole incident`: what is done about an incident, step by step. Each step has its own file.
import type { Command } from 'commander';
import { addCommand, type Frame } from './command.ts';
import { registerApprove } from './incident-approve.ts';
import { registerDispute } from './incident-dispute.ts';
import { registerDraft } from './incident-draft.ts';
import { registerMeasure } from './incident-measure.ts';
import { registerPay } from './incident-pay.ts';
import { registerReport } from './incident-report.ts';
import { registerRollback } from './incident-rollback.ts';
import { registerScope } from './incident-scope.ts';

/** Every step, in the order in which an incident goes through them. A new one adds its line here. */
const registrations: readonly ((incident: Command, frame: Frame) => void)[] = [
  registerScope,
  registerMeasure,
  registerRollback,
  registerDraft,
  registerApprove,
  registerPay,
  registerDispute,
  registerReport,
];

/** Adds the command `incident` with its own commands. */
export function registerIncident(program: Command, frame: Frame): void {
  const incident = addCommand(program, 'incident', {
    summary: 'measure an incident, roll it back, make every account whole',
    description:
      'What is done about an incident: what each remedy would cost and whom it would harm, the rollback, the claims of all accounts,\n' +
      'their approval and payment, and the public report. A case is a file: where history was last good, what was wrong in it,\n' +
      'what is right in its place, and by which policy is paid.',
    examples: [
      ['incident scope --journal day --out case.json', 'where history left its record, as the draft of a case'],
      ['incident measure --journal day --case case.json', 'what each remedy would do'],
      ['incident rollback --journal day --case case.json --act back.json', 'go back to its last good block'],
      ['incident report --case case', 'the public report of a case that was drafted'],
    ],
  });
  for (const register of registrations) register(incident, frame);
}
