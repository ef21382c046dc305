// The file of Paradex market parameters: one row a market, and what to do with a market that has two.
import { compareDecimals } from './decimal.ts';
import { FeedError, type FeedFinding, type Location, refuseFindings } from './feed-error.ts';
import { readTextFile } from './lines.ts';
import { isMarketParametersHeader, type MarketParameters, readMarketParameters } from './market-parameters-csv.ts';

export interface MarketParametersFile {
  /** Data rows of the file; more than markets when some are listed twice. */
  readonly rows: number;
  /** Each market once, in the order of the file. */
  readonly markets: readonly MarketParameters[];
  readonly findings: readonly FeedFinding[];
}

export interface MarketParametersChoice {
  /**
   * Where a market is listed in two groups with different values, the row of the group that stands first here is taken and
   * the difference is a finding. Without it such a market is an error: no row is truer than the other.
   */
  readonly preferGroups?: readonly string[];
  readonly strict?: boolean;
}

interface Row {
  readonly parameters: MarketParameters;
  readonly at: Location;
}

/**
 * Reads a file of Paradex market parameters. Findings: `conflicting_duplicate` (see `preferGroups`), `misgrouped_number` (commas in
 * odd places, "50,000,0000 PUMP": the field is absent, not guessed), `inconsistent_parameters` (an order may be larger than any position).
 * Throws FeedError naming file and line: what `readTextFile` and `readMarketParameters` throw, `unknown_format`, `empty_file`,
 * `conflicting_duplicate`; with `strict`, the first finding.
 */
export function readMarketParametersFile(file: string, choice: MarketParametersChoice = {}): MarketParametersFile {
  const text = readTextFile(file);
  const byMarket = new Map<string, Row[]>();
  let rows = 0;
  for (const { lineNumber, text: line } of text.lines()) {
    const at = { file, line: lineNumber };
    if (lineNumber === 1) {
      if (isMarketParametersHeader(line)) continue;
      throw new FeedError('unknown_format', at, 'this is no file of Paradex market parameters');
    }
    const parameters = readMarketParameters(line, at);
    byMarket.set(parameters.market, [...(byMarket.get(parameters.market) ?? []), { parameters, at }]);
    rows += 1;
  }
  if (rows === 0) throw new FeedError('empty_file', { file, line: 1 }, 'there is a header and no row');
  const findings: FeedFinding[] = [];
  const chosen = [...byMarket.values()].map((listed) => chooseRow(listed, choice.preferGroups, findings));
  for (const row of chosen) findings.push(...doubts(row));
  if (choice.strict === true) refuseFindings(findings);
  return { rows, markets: chosen.map(({ parameters }) => parameters), findings };
}

function chooseRow(listed: readonly Row[], preferGroups: readonly string[] | undefined, findings: FeedFinding[]): Row {
  const [first, ...others] = listed;
  if (first === undefined) throw new Error('a market without a row');
  const differing = others.find(({ parameters }) => differences(first.parameters, parameters).length > 0);
  if (differing === undefined) return first;
  const fields = differences(first.parameters, differing.parameters).join(', ');
  const { market } = first.parameters;
  const message = `${market} is also on line ${first.at.line}, with other values of ${fields}`;
  const ranked = listed.toSorted((left, right) => rank(left, preferGroups) - rank(right, preferGroups));
  const [chosen, next] = ranked;
  if (chosen === undefined || rank(chosen, preferGroups) === rank(next ?? chosen, preferGroups)) {
    throw new FeedError('conflicting_duplicate', differing.at, message);
  }
  findings.push({
    code: 'conflicting_duplicate',
    ...differing.at,
    market,
    message: `${message}: group ${chosen.parameters.group} on line ${chosen.at.line} is taken`,
  });
  return chosen;
}

function rank({ parameters }: Row, preferGroups: readonly string[] | undefined): number {
  const index = preferGroups?.indexOf(parameters.group) ?? -1;
  return index === -1 ? Number.MAX_SAFE_INTEGER : index;
}

function differences(left: MarketParameters, right: MarketParameters): string[] {
  const names = Object.keys(left) as (keyof MarketParameters)[];
  return names.filter((name) => name !== 'group' && left[name] !== right[name]);
}

function doubts({ parameters, at }: Row): FeedFinding[] {
  const { market, maximumOrderSize, positionLimit } = parameters;
  const findings: FeedFinding[] = [];
  for (const [name, value] of Object.entries({ maximumOrderSize, positionLimit })) {
    if (value !== undefined) continue;
    const message = `${market}: the commas in its ${name} are in odd places, so the number is not known`;
    findings.push({ code: 'misgrouped_number', ...at, market, message });
  }
  if (
    maximumOrderSize !== undefined &&
    positionLimit !== undefined &&
    compareDecimals(maximumOrderSize, positionLimit) > 0
  ) {
    const message = `${market}: its maximum order size ${maximumOrderSize} is above its position limit ${positionLimit}`;
    findings.push({ code: 'inconsistent_parameters', ...at, market, message });
  }
  return findings;
}
