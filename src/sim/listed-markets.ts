/**
 * What Paradex lists: parameters of its perpetual markets as its documentation printed them (2026-08), for days whose record
 * brings none. Markets whose printed numbers contradict each other are left out.
 */
import type { MarketParameters } from '../exchange/feeds/market-parameters-csv.ts';

/** Tick and step, largest order and position limit (base), open orders, band, initial margin, funding cap, EWMA factor. */
type Row = readonly [string, string, string, string, number, string, string, string, string];

const ROWS: Readonly<Record<string, Row>> = {
  BTC: ['0.1', '0.00001', '100', '300', 150, '0.05', '0.02', '0.02', '0.2'],
  ETH: ['0.01', '0.0001', '1000', '9000', 150, '0.05', '0.02', '0.02', '0.2'],
  SOL: ['0.001', '0.01', '10000', '100000', 150, '0.05', '0.02', '0.02', '0.2'],
  AAVE: ['0.0001', '0.01', '6000', '18000', 75, '0.1', '0.05', '0.05', '0.2'],
  ADA: ['0.0001', '1', '2100000', '6500000', 75, '0.1', '0.05', '0.05', '0.15'],
  AVAX: ['0.001', '0.01', '10000', '84600', 75, '0.15', '0.05', '0.05', '0.2'],
  BNB: ['0.01', '0.001', '1700', '5000', 75, '0.1', '0.05', '0.05', '0.2'],
  CC: ['0.00001', '1', '1800000', '6100000', 75, '0.2', '0.2', '0.1', '0.2'],
  DOGE: ['0.00001', '1', '3000000', '12600000', 75, '0.1', '0.033333', '0.05', '0.2'],
  ETHFI: ['0.0001', '0.1', '270000', '2000000', 75, '0.2', '0.2', '0.05', '0.15'],
  GRAM: ['0.0001', '1', '180000', '600000', 75, '0.2', '0.2', '0.05', '0.14'],
  HYPE: ['0.001', '0.01', '4000', '400000', 75, '0.2', '0.05', '0.05', '0.15'],
  HYPER: ['0.0001', '1', '1000000', '3500000', 75, '0.2', '0.2', '0.1', '0.15'],
  JTO: ['0.00001', '0.1', '400000', '1100000', 75, '0.15', '0.2', '0.05', '0.03'],
  JUP: ['0.00001', '1', '500000', '3550000', 75, '0.15', '0.1', '0.05', '0.2'],
  KAITO: ['0.0001', '0.1', '210000', '1440000', 75, '0.2', '0.1', '0.05', '0.15'],
  kPEPE: ['0.000001', '1', '120000000', '370000000', 75, '0.1', '0.05', '0.05', '0.2'],
  kSHIB: ['0.000001', '1', '40000000', '220000000', 75, '0.1', '0.05', '0.05', '0.2'],
  LDO: ['0.0001', '0.1', '380000', '2780000', 75, '0.1', '0.05', '0.05', '0.2'],
  LINK: ['0.001', '0.01', '56000', '160000', 75, '0.1', '0.05', '0.05', '0.2'],
  LIT: ['0.00001', '1', '120000', '400000', 75, '0.2', '0.2', '0.1', '0.2'],
  LTC: ['0.01', '0.1', '9700', '29000', 75, '0.1', '0.05', '0.05', '0.2'],
  MON: ['0.000001', '1', '9000000', '29000000', 75, '0.2', '0.2', '0.1', '0.2'],
  mSATS: ['0.00001', '1', '1300000', '4300000', 75, '0.1', '0.2', '0.05', '0.15'],
  NEAR: ['0.0001', '0.1', '500000', '736000', 75, '0.15', '0.1', '0.05', '0.15'],
  ONDO: ['0.0001', '0.1', '500000', '2000000', 75, '0.15', '0.1', '0.05', '0.2'],
  PAXG: ['0.01', '0.001', '300', '1480', 75, '0.2', '0.02', '0.05', '0.15'],
  PENDLE: ['0.0001', '1', '115000', '460000', 75, '0.15', '0.1', '0.05', '0.2'],
  STRK: ['0.0001', '0.1', '470000', '24000000', 75, '0.1', '0.05', '0.1', '0.2'],
  SUI: ['0.0001', '0.1', '260000', '1000000', 75, '0.15', '0.033333', '0.05', '0.2'],
  TAO: ['0.01', '0.001', '500', '4730', 75, '0.2', '0.2', '0.05', '0.15'],
  TRUMP: ['0.001', '0.01', '34000', '110000', 75, '0.2', '0.2', '0.05', '0.15'],
  TRX: ['0.00001', '0.1', '6400000', '19000000', 75, '0.1', '0.05', '0.05', '0.2'],
  UNI: ['0.001', '0.1', '100000', '320000', 75, '0.1', '0.05', '0.05', '0.2'],
  VVV: ['0.0001', '0.01', '100000', '330000', 75, '0.2', '0.2', '0.05', '0.14'],
  WLFI: ['0.0001', '1', '1000000', '3200000', 75, '0.2', '0.2', '0.05', '0.15'],
  XMR: ['0.01', '0.001', '5200', '15000', 75, '0.05', '0.05', '0.1', '0.2'],
  XPL: ['0.00001', '0.001', '400000', '1300000', 75, '0.2', '0.2', '0.05', '0.2'],
  XRP: ['0.0001', '0.1', '1000000', '1000000', 75, '0.05', '0.02', '0.05', '0.2'],
  ZEC: ['0.001', '0.001', '6000', '18000', 75, '0.2', '0.1', '0.05', '0.15'],
};

/** The documented parameters of a market (BTC-USD-PERP); undefined when it is not in the list. A thousand units are "k". */
export function listedParameters(market: string): MarketParameters | undefined {
  const base = market.slice(0, market.indexOf('-'));
  const row = ROWS[base] ?? (base.startsWith('1000') ? ROWS[`k${base.slice(4)}`] : undefined);
  if (row === undefined) return undefined;
  const [tickSize, sizeStep, maximumOrderSize, positionLimit, maximumOpenOrders] = row;
  const [priceBandFraction, initialMarginFraction, maximumFundingRate, ewmaFactor] = row.slice(5) as string[];
  return {
    market,
    group: 'listed',
    baseCurrency: base,
    quoteCurrency: 'USD',
    settlementCurrency: 'USDC',
    fundingPeriodMs: 28_800_000,
    tickSize,
    sizeStep,
    minimumNotional: '10',
    maximumOrderSize,
    maximumOpenOrders,
    positionLimit,
    priceBandFraction: priceBandFraction as string,
    fundingMultiplier: '1',
    maximumFundingRate: maximumFundingRate as string,
    ewmaFactor: ewmaFactor as string,
    initialMarginFraction: initialMarginFraction as string,
    maintenanceMarginFactor: '0.5',
  };
}
