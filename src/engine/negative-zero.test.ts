// No number of the state or of an event is −0: two states that are equal have equal bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divideFloor, multiplyDivideCeil, multiplyDivideFloor, multiplyDivideNearest } from './amount.ts';
import { feeOn } from './fee.ts';
import { rawRate } from './funding.ts';
import { RULE } from './rules.ts';
import { MARKET } from './tables.ts';
import { only, VenueForTest } from './venue.fixture.ts';

const isZero = (value: number): void => assert.ok(Object.is(value, 0), `${Object.is(value, -0) ? '−0' : value}`);

test('divisions of −0 give 0', () => {
  isZero(divideFloor(-0, 7));
  isZero(multiplyDivideFloor(0, -5, 7));
  isZero(multiplyDivideCeil(0, 5, 7));
  isZero(multiplyDivideNearest(-5, 0, 7));
});

test('a rate that is clipped at 0 or multiplied by 0 is 0', () => {
  isZero(rawRate(-1e9, 0, 0, 1e6, 0));
  isZero(rawRate(-1e9, 0, 0, 0, 1e9));
});

test('a rebate on next to nothing is 0', () => {
  isZero(feeOn(10, -30));
  assert.equal(feeOn(1_000_000, -30), -30);
  assert.equal(feeOn(1_033_334, -30), -31);
});

test('rules and parameters set to −0 are 0', () => {
  const venue = new VenueForTest();
  const market = venue.market({ INTEREST_RATE: -0, MAXIMUM_FUNDING_RATE: -0 });
  isZero(venue.state.market.f64[market * 128 + MARKET.INTEREST_RATE] as number);
  const rule = venue.apply((buffer, timeMs) => buffer.setRule(timeMs, RULE.maker_fee, -0));
  isZero(only(rule, 'ruleSet').value);
  const parameter = venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'CLAMP_RATE', -0));
  isZero(only(parameter, 'parameterSet').value);
  isZero(venue.state.market.f64[market * 128 + MARKET.CLAMP_RATE] as number);
});
