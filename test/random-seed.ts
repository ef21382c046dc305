// Loaded before the tests: property tests take the same cases every time, so that what passed once passes again on any machine.
// MAKEWHOLE_TEST_SEED=7 takes others, and `random` new ones each time; a failure prints the seed that it came from.
import fc from 'fast-check';

const DEFAULT_SEED = 20260119;

const wanted = process.env['MAKEWHOLE_TEST_SEED'] ?? String(DEFAULT_SEED);
if (!/^(random|\d{1,9})$/.test(wanted))
  throw new Error(`MAKEWHOLE_TEST_SEED: a whole number or "random", not "${wanted}"`);
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
