// `makewhole incident measure`: what each remedy would do, found by replay, before anyone decides.
import type { Command } from 'commander';
import { toHex } from '../chain/digest.ts';
import { HonestTrades } from '../incident/honest-trades.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { type Measured, type Measurement, measure, OPTIONS } from '../incident/measure.ts';
import { unwindInsurance } from '../exchange/unwind.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import { type IncidentFinding, type IncidentRun, runIncident } from '../remedy/incident-run.ts';
import { readCaseFile } from './case-file.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { decimalUnits, readableCount, readableUsdc } from './money.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface MeasureOptions {
  readonly journal: string;
  readonly case: string;
}

/** Adds the command `incident measure`. */
export function registerMeasure(incident: Command, frame: Frame): void {
  addCommand(incident, 'measure', {
    summary: 'what each remedy would do, by replay',
    description:
      'Runs the case over the journal: the world as it was, which must lead to every recorded root, and the world as it would have\n' +
      'been. Says for each remedy who would be harmed and who would benefit, what the insurance fund would pay, and which honest\n' +
      'trades would be undone; and what the published order of preference recommends. Reads only; the journal may be in use.\n' +
      'Ends with exit code 1 when the case does not explain the journal: then nothing is said of anybody.',
    examples: [['incident measure --journal day --case case.json', 'price the remedies of this case']],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .requiredOption('--case <file>', 'the case')
    .action(
      action<MeasureOptions>(frame, async (output, { journal, case: file }) => {
        openForReading(journal);
        return measureCase(output, journal, readCaseFile(file));
      }),
    );
}

async function measureCase(output: Output, folder: string, incident: IncidentCase): Promise<ExitCode> {
  const startMs = performance.now();
  const trades = new HonestTrades();
  const run = await runCase(folder, incident, trades);
  if ('finding' in run) {
    output.say(`NOTHING IS MEASURED: ${run.finding}: ${run.about}`);
    output.result({ case: toHex(caseHash(incident)), ...run });
    return exitCodes.finding;
  }
  const measured = measure(incident, run, trades);
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(3));
  sayMeasurement(output, measured);
  output.result({ case: toHex(caseHash(incident)), ...inJson(measured), seconds });
  return exitCodes.ok;
}

async function runCase(
  folder: string,
  incident: IncidentCase,
  trades: HonestTrades,
): Promise<IncidentRun | IncidentFinding> {
  const history = new JournalReader(folder);
  const { state } = stateAtBlock(history, incident.from.height, { folder, head: incident.from.height });
  const roots = new ThreadedRoots();
  try {
    return runIncident({
      incident,
      history,
      start: state,
      hash: sha256,
      roots,
      unwind: unwindInsurance,
      onEvents: trades.observe,
    });
  } finally {
    await roots.close();
  }
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
