/** The scenarios of other venues' incidents as faults: cases of the corruption matrix where one matches. */
import type { CommandRecord } from '../../chain/command-value.ts';
import { ORACLE_LIMIT } from '../../engine/tables.ts';
import { openFileJournal } from '../../journal/file-journal.ts';
import { JournalLocked } from '../../journal/lock-file.ts';
import { CASES } from '../faults/cases.ts';
import { get, markets, oracles, price, quotes, Remembered } from '../faults/cases-writing.ts';
import type { Fault, FaultScene } from '../faults/fault.ts';
import { inTemporaryFolder } from './case-files.ts';
import type { FaultScenario } from './fault-scenario.ts';

/** To the end of the drill. */
const FOR_GOOD = 1000;
/** What Aave's cap made of the ratio when it was raised and its timestamp was not: 2.85 % too low (2026-03-10). */
const TORN = 1 - 0.0285;

function caseOf(id: string): Fault {
  const found = CASES.find((fault) => fault.id === id);
  if (found === undefined) throw new Error(`there is no case ${id}`);
  return found;
}

/** What the price was half a day before the crash, of that at its end. */
const BEFORE_CRASH = 1.08;

const frozen = new Remembered<number>();

/** Nothing comes from other venues, and the oracles say what was half a day ago as if it were now. */
const STALE_RESUME: Fault = {
  id: 'stale-resume',
  name: 'oracles say the price of before the crash, stamped anew, and no other venue is heard',
  class: 'II',
  harm: ['forced', 'money'],
  lastsTicks: FOR_GOOD,
  inputs: (inputs, scene) => {
    const { state, market } = scene;
    const now = get(state, 'oracle', market * ORACLE_LIMIT, 'PRICE');
    const value = frozen.of(scene, () => price(now * BEFORE_CRASH));
    return oracles(silent(inputs, scene, market), scene, market, () => value);
  },
};

/** No venue is heard about a market. */
function silent(inputs: readonly CommandRecord[], scene: FaultScene, market: number): readonly CommandRecord[] {
  return quotes(inputs, scene, market, () => undefined);
}

/** Every oracle goes through one adapter whose ratio and timestamp belong together and were not set together; no other venue is heard. */
const TORN_PAIR: Fault = {
  id: 'torn-pair',
  name: 'all oracles are 2.85 % too low: of a ratio and its timestamp only one was updated',
  class: 'II',
  harm: ['forced', 'money'],
  lastsTicks: FOR_GOOD,
  inputs: (inputs, scene) =>
    markets(scene.state).reduce(
      (all, market) => oracles(silent(all, scene, market), scene, market, (value) => price(value * TORN)),
      inputs,
    ),
};

/** A second process opens the journal that the first one writes to: what it is told. */
function secondWriter(): string {
  return inTemporaryFolder((folder) => {
    const { journal } = openFileJournal(folder);
    try {
      openFileJournal(folder).journal.close();
    } catch (error) {
      if (error instanceof JournalLocked) return `a second writer of the same journal: ${error.name}`;
      throw error;
    } finally {
      journal.close();
    }
    throw new Error('two writers have the same journal');
  });
}

export const FAULT_SCENARIOS: readonly FaultScenario[] = [
  {
    name: 'stale-resume',
    summary: 'dYdX, October 2025: the venue comes back in a crash while its oracles still say what was half a day ago',
    fault: STALE_RESUME,
    about: 'first',
    thinned: 2,
    regime: 'crash',
    phase: 'reopen',
  },
  {
    name: 'wrong-denomination',
    summary:
      'Moonwell, February 2026: a ratio is read as a price in USD, and the governance that could stop it takes days',
    fault: { ...caseOf('C21'), lastsTicks: FOR_GOOD },
    about: 'first',
    regime: 'calm',
    phase: 'steady',
  },
  {
    name: 'torn-pair',
    summary:
      'Aave, March 2026: a safety cap had its ratio updated and not its timestamp, and prices were 2.85 % too low',
    fault: TORN_PAIR,
    about: 'all',
    thinned: 3,
    regime: 'calm',
    phase: 'steady',
  },
  {
    name: 'split-drip',
    summary:
      'SPACEX on Hyperliquid, May 2026: a stock split unknown to the oracles, followed down by less than 1 % an update',
    fault: caseOf('C19'),
    about: 'first',
    thinned: 2,
    regime: 'thin',
    phase: 'steady',
  },
  {
    name: 'two-writers',
    summary: 'NYSE, January 2023: a second system was left running after a maintenance, and both relay the same orders',
    fault: { ...caseOf('C57'), lastsTicks: FOR_GOOD },
    about: 'all',
    thinned: 4,
    meets: { check: 'journal_locked', refusal: secondWriter },
    regime: 'crash',
    phase: 'reopen',
  },
  {
    name: 'outlier-source',
    summary: 'Deribit, October 2019: one source of the index is far off and is not left out',
    fault: caseOf('C16'),
    about: 'first',
    regime: 'calm',
    phase: 'steady',
  },
  {
    name: 'crash',
    summary:
      '10 October 2025, the negative control: a real crash, in which every liquidation is right and none may be stopped',
    fault: undefined,
    about: 'none',
    regime: 'crash',
    phase: 'steady',
  },
];
