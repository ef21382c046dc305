// `makewhole incident measure`: what each remedy would do, found by replay, before anyone decides.
import type { Command } from 'commander';
import { toHex } from '../chain/digest.ts';
import type { CaseRun } from '../incident/case-runner.ts';
import { type Measured, type Measurement, measure, OPTIONS } from '../incident/measure.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import type { IncidentFinding } from '../remedy/incident-run.ts';
import { readCaseFile } from './case-file.ts';
import { methodText, withCaseRuns } from './case-runs.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { decimalUnits, readableCount, readableUsdc } from './money.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface MeasureOptions {
  readonly journal: string;
  readonly case: readonly string[];
  readonly full?: boolean;
  readonly window?: string;
}

/** Adds the command `incident measure`. */
export function registerMeasure(incident: Command, frame: Frame): void {
  addCommand(incident, 'measure', {
    summary: 'what each remedy would do, by replay',
    description:
      'Runs the case over the journal: the world as it was, which must lead to every recorded root, and the world as it would have\n' +
      'been. Says for each remedy who would be harmed and who would benefit, what the insurance fund would pay, and which honest\n' +
      'trades would be undone; and what the published order of preference recommends. Reads only; the journal may be in use.\n' +
      'Of the other world only what the corrections touch is executed, where that gives what a full replay of it gives; else, or\n' +
      'with --full, all of it. Of several cases of one window the world as it was is replayed once.\n' +
      'Ends with exit code 1 when the case does not explain the journal: then nothing is said of anybody.',
    examples: [
      ['incident measure --journal day --case case.json', 'price the remedies of this case'],
      ['incident measure --journal day --case one.json two.json', 'of two cases: what each costs is what it touches'],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .requiredOption('--case <files...>', 'the case, or several')
    .option('--full', 'replay both worlds whole, whatever the corrections touch')
    .option(
      '--window <file>',
      'keep what the replay of the window noted here (it says who did what), and use what is there',
    )
    .action(
      action<MeasureOptions>(frame, async (output, { journal, case: files, full = false, window }) => {
        openForReading(journal);
        return measureCases(output, { journal, window, isFull: full }, files.map(readCaseFile));
      }),
    );
}

async function measureCases(
  output: Output,
  {
    journal,
    window,
    isFull,
  }: { readonly journal: string; readonly window: string | undefined; readonly isFull: boolean },
  incidents: readonly IncidentCase[],
): Promise<ExitCode> {
  const results = await withCaseRuns(journal, window, (run) =>
    incidents.map((incident) => {
      if (incidents.length > 1) output.say(`\nCase ${incident.name}:`);
      return measureCase(output, incident, (each) => run(each, isFull));
    }),
  );
  const [first] = results;
  output.result(results.length === 1 && first !== undefined ? first : { cases: results });
  return results.some((result) => 'finding' in result) ? exitCodes.finding : exitCodes.ok;
}

/** Measures a case, and says what was measured; what it returns is the result as JSON. */
function measureCase(
  output: Output,
  incident: IncidentCase,
  run: (incident: IncidentCase) => CaseRun | IncidentFinding,
): object {
  const startMs = performance.now();
  const found = run(incident);
  const name = { case: toHex(caseHash(incident)) };
  if ('finding' in found) {
    output.say(`NOTHING IS MEASURED: ${found.finding}: ${found.about}`);
    return { ...name, ...found };
  }
  const measured = measure(incident, found.run, found.trades);
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(3));
  sayMeasurement(output, measured);
  output.say(methodText(found.method));
  return { ...name, ...inJson(measured), replayed: found.method, seconds };
}

const NAMES = { do_nothing: 'do nothing', forward_fix: 'forward fix', rollback: 'rollback' } as const;

function sayMeasurement(output: Output, { window, forced, options, conditions, ...rest }: Measurement): void {
  const minutes = (window.toMs - window.fromMs) / 60_000;
  output.say(
    `Window: blocks ${window.fromHeight} to ${window.toHeight}, ${minutes.toFixed(1)} minutes, ${readableCount(window.commands)} commands.`,
  );
  output.say(
    `Forced: ${readableCount(forced.wrongful)} wrongful on ${readableCount(forced.accounts)} accounts, ${readableCount(forced.legitimate)} legitimate.`,
  );
  output.say(
    `Divergence: ${(rest.divergencePpm / 10_000).toFixed(2)} % of the orders; ${rest.marketsByReference.length} markets are valued by the reference.\n`,
  );
  const rows = OPTIONS.map((option) => [NAMES[option], ...cells(options[option])]);
  const heading = ['remedy', 'harmed', 'by USDC', 'benefited', 'by USDC', 'fund pays USDC', 'honest trades undone'];
  output.say(textTable([heading, ...rows], ['left', 'right', 'right', 'right', 'right', 'right', 'right']));
  output.say('');
  for (const { name, value, limit, holds } of conditions) {
    output.say(`${holds ? 'yes' : 'no '}  ${name.replaceAll('_', ' ')}: ${value} (limit ${limit})`);
  }
  output.say(`\nRecommended: ${NAMES[rest.recommended]}: ${rest.because}.`);
}

function cells({ harmed, benefited, fundCost, honestTradesUndone }: Measured): string[] {
  return [
    readableCount(harmed.accounts),
    readableUsdc(Number(harmed.amount)),
    readableCount(benefited.accounts),
    readableUsdc(Number(benefited.amount)),
    readableUsdc(Number(fundCost)),
    readableCount(honestTradesUndone.trades),
  ];
}

/** The measurement as JSON says it, which a report can be given: amounts exact, as text, in USDC and where it reads them in 1e-8 USDC. */
function inJson({ options, ...rest }: Measurement): object {
  const json = Object.fromEntries(
    OPTIONS.map((option) => {
      const { harmed, benefited, fundCost, honestTradesUndone, receivables, debtors } = options[option];
      return [
        option,
        {
          harmed: { accounts: harmed.accounts, usdc: decimalUnits(harmed.amount) },
          benefited: { accounts: benefited.accounts, usdc: decimalUnits(benefited.amount) },
          fundCost: String(fundCost),
          fundCostUsdc: decimalUnits(fundCost),
          honestTradesUndone: {
            trades: honestTradesUndone.trades,
            notionalUsdc: decimalUnits(honestTradesUndone.notional),
          },
          receivables: String(receivables),
          receivablesUsdc: decimalUnits(receivables),
          debtors,
        },
      ];
    }),
  );
  return { ...rest, options: json };
}
