// `makewhole incident report`: the public report of a case, from its public files.
import { join } from 'node:path';
import type { Command } from 'commander';
import { BadCaseFile, readReportInput, REPORT_FILES, writeReport } from '../incident/report.ts';
import type { ReportInput } from '../remedy/report/report-input.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';

interface ReportOptions {
  readonly case: string;
  readonly out?: string;
}

interface ReportResult {
  readonly dossier: string;
  /** Checks of the dossier that do not hold: what is reported cannot be approved while there is one. */
  readonly failed: readonly string[];
  readonly files: readonly string[];
}

/** Adds the command `incident report`. */
export function registerReport(incident: Command, frame: Frame): void {
  addCommand(incident, 'report', {
    summary: 'write the public report of a case',
    description:
      'Writes report.md and report.html of the case in a folder: what happened, whom it reached, what is paid by which rule, and how to\n' +
      'check each number. It reads the public files alone: dossier.json, and where they are there roots.json, notes.json (what people\n' +
      'wrote of the cause), measure.json, payout.json and the approvals. No account can be known from it.\n' +
      'Ends with exit code 1 when a check of the dossier does not hold; the report says so too.',
    examples: [
      ['incident report --case case', 'write case/report.md and case/report.html'],
      ['incident report --case case --out public', 'write them into the folder public'],
    ],
  })
    .requiredOption('--case <folder>', 'the folder of the case')
    .option('--out <folder>', 'where to write; the folder of the case unless said')
    .action(action<ReportOptions>(frame, (output, { case: folder, out }) => report(output, folder, out ?? folder)));
}

function report(output: Output, folder: string, out: string): ExitCode {
  const input = readInput(folder);
  writeReport(input, out);
  const failed = input.dossier.checks.filter(({ holds }) => !holds).map(({ name }) => name);
  const files = REPORT_FILES.map((name) => join(out, name));
  output.result({ dossier: input.dossierHash, failed, files } satisfies ReportResult);
  for (const file of files) output.say(`Written: ${file}`);
  for (const name of failed) output.say(`It cannot be approved: ${name} does not hold.`);
  return failed.length === 0 ? exitCodes.ok : exitCodes.finding;
}

function readInput(folder: string): ReportInput {
  try {
    return readReportInput(folder);
  } catch (error) {
    if (error instanceof BadCaseFile) throw new CommandError('bad_case_file', error.message);
    throw error;
  }
}
