/** The 25 legal extremes, in the order of the list; the first is shown by two recorded crashes. */
import { loopsUnwind, makerRebates, marginRaised, oneTick, roundNumber, whaleLeaves } from './cases-accounts.ts';
import {
  bitcoinHalves,
  februaryCrash,
  francUnpegged,
  jellyQuadruples,
  lunaVanishes,
  nickelDoubles,
  octoberCascade,
  oilBelowZero,
  premarketSqueeze,
} from './cases-crashes.ts';
import {
  declaredSplit,
  delisting,
  fundingAtClamp,
  haltReopens,
  newMarket,
  silentTail,
  weekendGap,
} from './cases-markets.ts';
import { badPrintCorrected, dollarsDepeg, leapSecond, venuesInMaintenance } from './cases-sources.ts';
import type { Extreme } from './extreme.ts';

export const EXTREMES: readonly Extreme[] = [
  bitcoinHalves,
  februaryCrash,
  lunaVanishes,
  nickelDoubles,
  oilBelowZero,
  francUnpegged,
  dollarsDepeg,
  octoberCascade,
  jellyQuadruples,
  premarketSqueeze,
  fundingAtClamp,
  newMarket,
  weekendGap,
  haltReopens,
  declaredSplit,
  delisting,
  whaleLeaves,
  venuesInMaintenance,
  leapSecond,
  badPrintCorrected,
  roundNumber,
  oneTick,
  loopsUnwind,
  silentTail,
  makerRebates,
  marginRaised,
];
