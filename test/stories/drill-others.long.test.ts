// What happened to other venues: all drills but the first one, by more than one seed.
import { describe } from 'node:test';
import { SCENARIOS } from '../../src/sim/drill/drill.ts';
import { harmsAndIsMadeGood } from './drill-others.fixture.ts';

describe('other venues’ incidents', () => {
  for (const { name, takesDay } of SCENARIOS) {
    if (takesDay || name === 'crash') continue;
    harmsAndIsMadeGood(name);
    harmsAndIsMadeGood(name, 2);
  }
});
