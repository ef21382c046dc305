// Random cases over random venues: what came in falsely, what was written, what should not have been asked. The cone says what the full replay says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRows, readCommand } from '../../src/chain/command-record.ts';
import type { CommandRecord } from '../../src/chain/command-value.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET, POSITION } from '../../src/engine/tables.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import type { StateWrite } from '../../src/remedy/deviation.ts';
import { Random } from '../../src/sim/random.ts';
import { checkBoth, EVERYTHING, ran, runnerOf } from './cone-both.fixture.ts';
import { caseOf, falsePrices, tradeWrongly, type Venue, type VenueOptions, type Wrong } from './incident.fixture.ts';

const CASES = 8;
/** Cases other than these: MAKEWHOLE_TEST_SEED=n. */
const SEED = process.env['MAKEWHOLE_TEST_SEED'] ?? '1';

function optionsOf(random: Random): VenueOptions {
  return { seed: 1 + random.below(1000), ticks: 60 + random.below(50), accounts: 60 + random.below(120) };
}

/** Both runs must agree; where there is no cone, a reason is named. */
function agree(venue: Venue, corrections: CorrectionSet): void {
  const incident = caseOf(venue, { corrections });
  const runner = runnerOf(venue.journal, EVERYTHING);
  const { beyond } = ran(runner.run(incident)).method;
  if (beyond === null) checkBoth(venue.journal, incident, runner);
  else
    assert.ok(
      ['a loss that is shared out', 'a loss was shared out', 'money that only the other world pays out'].includes(
        beyond,
      ),
      beyond,
    );
}

function randomWrites(state: State, random: Random): StateWrite[] {
  const at = (table: StateWrite['table'], row: number, column: string, value: number): StateWrite => ({
    table,
    row,
    column,
    index: 0,
    value,
  });
  const market = 1 + random.below(state.market.rows - 1);
  const index = state.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
  switch (random.below(4)) {
    case 0:
      return [at('market', market, 'fundingIndex', 0), at('market', market, 'fundingRemainder', 0)];
    case 1:
      return [at('market', market, 'fundingIndex', index + (random.chance(500_000) ? 1 : -1) * random.below(2 ** 45))];
    case 2: {
      const row = 1 + random.below(state.position.rows - 1);
      const settled = state.position.f64[row * 16 + POSITION.FUNDING_INDEX] as number;
      return [at('position', row, 'fundingIndex', settled - random.below(2 ** 44))];
    }
    default:
      return [at('account', 3 + random.below(state.account.rows - 3), 'balanceLow', random.below(2 ** 40))];
  }
}

/** Commands of the window that could be corrected one by one. */
function plainCommands({ journal, lastGood }: Venue): { sequence: number; command: CommandRecord }[] {
  const kinds: readonly string[] = ['placeOrder', 'cancelOrder', 'amendOrder', 'oraclePrice', 'venueQuote'];
  const first = journal.block(lastGood)?.lastSequence ?? 0;
  const found: { sequence: number; command: CommandRecord }[] = [];
  for (const entry of journal.entries(lastGood)) {
    if (entry.kind !== 'commands') continue;
    let sequence = entry.firstSequence;
    for (let row = 0; row < entry.rows; row += commandRows(entry.words, row), sequence++) {
      const command = readCommand(entry.bytes, row);
      const isPlain = kinds.includes(command.kind) && !('clientId' in command && command['clientId'] !== '');
      if (sequence > first && isPlain) found.push({ sequence, command });
    }
  }
  return found;
}

function changed(command: CommandRecord, random: Random): CommandRecord {
  const by = (value: number): number => Math.max(1, Math.round((value * (900 + random.below(200))) / 1000));
  if (typeof command['price'] === 'number' && command['price'] > 0) return { ...command, price: by(command['price']) };
  if (typeof command['size'] === 'number') return { ...command, size: by(command['size']) };
  return command;
}

for (let number = 0; number < CASES; number++) {
  test(`prices that were false, case ${number} of seed ${SEED}`, () => {
    const random = new Random(`false ${SEED} ${number}`);
    const options = optionsOf(random);
    const from = 30 + random.below(20);
    const falsify = falsePrices(
      1 + random.below(8),
      from,
      from + 1 + random.below(15),
      500_000 + random.below(1_000_000),
    );
    const venue = tradeWrongly({ falsify }, options);
    agree(venue, venue.corrections);
  });

  test(`values that were written, case ${number} of seed ${SEED}`, () => {
    const random = new Random(`written ${SEED} ${number}`);
    const options = optionsOf(random);
    const when = 30 + random.below(25);
    const deviation: Wrong['deviation'] = (tick, state) => (tick === when ? randomWrites(state, random) : undefined);
    const venue = tradeWrongly({ deviation }, options);
    agree(venue, venue.corrections);
  });

  test(`commands that should not have been, case ${number} of seed ${SEED}`, () => {
    const random = new Random(`asked ${SEED} ${number}`);
    const venue = tradeWrongly({}, optionsOf(random));
    const all = plainCommands(venue);
    const start = random.below(all.length);
    const commands = Array.from({ length: 1 + random.below(5) }, (_, place) => all[(start + place * 13) % all.length])
      .flatMap((each) => (each === undefined ? [] : [each]))
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ sequence, command }) => ({
        sequence,
        commands: random.chance(500_000) ? [] : [changed(command, random)],
      }));
    agree(venue, { commands, deviations: [], keepHalts: true });
  });
}
