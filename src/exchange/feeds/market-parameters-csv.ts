// Paradex market parameters, as its documentation prints them: values with units ("0.01 USD", "3.3333%", "1,000 ETH").
import { splitFields } from './csv.ts';
import { decimalSign, shiftDecimal } from './decimal.ts';
import { FeedError, type Location } from './feed-error.ts';
import { hourMs } from './timestamp.ts';

/** Numbers are exact decimal text: amounts in the unit named, percentages as fractions (5 % is "0.05"). */
export interface MarketParameters {
  readonly market: string;
  readonly group: string;
  readonly baseCurrency: string;
  readonly quoteCurrency: string;
  readonly settlementCurrency: string;
  readonly fundingPeriodMs: number;
  /** In the quote currency. */
  readonly tickSize: string;
  /** In the base currency. */
  readonly sizeStep: string;
  /** In the quote currency. */
  readonly minimumNotional: string;
  /** In the base currency. Absent when the record's digit grouping does not say which number is meant. */
  readonly maximumOrderSize: string | undefined;
  readonly maximumOpenOrders: number;
  /** In the base currency. Absent as `maximumOrderSize` is. */
  readonly positionLimit: string | undefined;
  readonly priceBandFraction: string;
  readonly fundingMultiplier: string;
  /** For a funding period. */
  readonly maximumFundingRate: string;
  readonly ewmaFactor: string;
  readonly initialMarginFraction: string;
  /** Maintenance margin as a fraction of the initial margin. */
  readonly maintenanceMarginFactor: string;
}

const header =
  'contractName,group,productType,settlementCurrency,baseCurrency,quoteCurrency,fundingPeriod,tickSize,orderSizeIncrement,' +
  'minOrderValue,maxOrderSize,maxOpenOrders,positionLimit,priceBandFactor,fundingMultiplier,maxFundingRate,ewmaFactor,imf,' +
  'mmf,source_path';
const columnNames = header.split(',');
const westernGroups = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const indianGroups = /^\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d+)?$/;

/** Whether the first line is the header of a Paradex market-parameter file. */
export function isMarketParametersHeader(firstLine: string): boolean {
  return firstLine === header;
}

/**
 * Reads one row. Throws FeedError: `bad_row`; `bad_number` for a value without its unit, or that is not above zero;
 * `unknown_market` for a name that is not base-quote-PERP of the row's currencies.
 */
export function readMarketParameters(text: string, at: Location): MarketParameters {
  const fields = splitFields(text, at, columnNames.length);
  const column = (name: string): string => fields[columnNames.indexOf(name)] ?? '';
  const [base, quote] = [column('baseCurrency'), column('quoteCurrency')];
  const market = column('contractName');
  if (market !== `${base}-${quote}-PERP`) {
    throw new FeedError(
      'unknown_market',
      at,
      `"${market}" is not ${base}-${quote}-PERP, which its currencies say it is`,
    );
  }
  const amount = (name: string, unit: string): string => amountOf(column(name), unit, name, at);
  const percentage = (name: string): string => shiftDecimal(withoutUnit(column(name), '%', name, at), -2);
  return {
    market,
    group: column('group'),
    baseCurrency: base,
    quoteCurrency: quote,
    settlementCurrency: column('settlementCurrency'),
    fundingPeriodMs: fundingPeriodMs(column('fundingPeriod'), at),
    tickSize: amount('tickSize', quote),
    sizeStep: amount('orderSizeIncrement', base),
    minimumNotional: amount('minOrderValue', quote),
    maximumOrderSize: groupedAmount(column('maxOrderSize'), base, 'maxOrderSize', at),
    maximumOpenOrders: count(column('maxOpenOrders'), at),
    positionLimit: groupedAmount(column('positionLimit'), base, 'positionLimit', at),
    priceBandFraction: percentage('priceBandFactor'),
    fundingMultiplier: amountOf(column('fundingMultiplier'), '', 'fundingMultiplier', at),
    maximumFundingRate: percentage('maxFundingRate'),
    ewmaFactor: percentage('ewmaFactor'),
    initialMarginFraction: percentage('imf'),
    maintenanceMarginFactor: percentage('mmf'),
  };
}

function amountOf(text: string, unit: string, name: string, at: Location): string {
  const amount = groupedAmount(text, unit, name, at);
  if (amount === undefined) throw new FeedError('misgrouped_number', at, `${name} "${text}" has commas in odd places`);
  return amount;
}

/** An amount whose digits may be in groups, western (1,000,000) or Indian (10,00,000); undefined for any other grouping. */
function groupedAmount(text: string, unit: string, name: string, at: Location): string | undefined {
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (!text.endsWith(suffix)) throw new FeedError('bad_number', at, `${name} "${text}" is not in ${unit}`);
  const number = text.slice(0, text.length - suffix.length);
  if (/^\d[\d,]*,[\d,]*$/.test(number) && !westernGroups.test(number) && !indianGroups.test(number)) return undefined;
  return positive(number.replaceAll(',', ''), text, name, at);
}

function withoutUnit(text: string, unit: string, name: string, at: Location): string {
  if (!text.endsWith(unit)) throw new FeedError('bad_number', at, `${name} "${text}" does not end in ${unit}`);
  return positive(text.slice(0, -unit.length), text, name, at);
}

function positive(number: string, text: string, name: string, at: Location): string {
  if (decimalSign(number) === 1) return shiftDecimal(number, 0);
  throw new FeedError('bad_number', at, `${name} "${text}" is no number above zero`);
}

function fundingPeriodMs(text: string, at: Location): number {
  const hours = /^([1-9]\d?)(?:\.0)? hours?$/.exec(text)?.[1];
  if (hours === undefined) throw new FeedError('bad_number', at, `fundingPeriod "${text}" is no whole number of hours`);
  return Number(hours) * hourMs;
}

function count(text: string, at: Location): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new FeedError('bad_number', at, `maxOpenOrders "${text}" is no whole number above zero`);
}
