import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { isParameterValid, tickUnits } from '../engine/market.ts';
import { listedParameters } from './listed-markets.ts';
import { derivedDefinition, documentedDefinition, inPriceUnits, priceScale } from './market-definition.ts';

const price = fc
  .tuple(fc.integer({ min: 1000, max: 9999 }), fc.integer({ min: -10, max: 4 }))
  .map(([digits, exponent]) => Number(`${digits}e${exponent}`));

describe('derivedDefinition', () => {
  test('is one the engine takes, at any price level, in the proportions it promises', () => {
    fc.assert(
      fc.property(price, fc.nat(500), (usd, rank) => {
        const definition = derivedDefinition('X-USD-PERP', usd, rank, 1);
        assert.ok(definition);
        for (const parameter of MARKET_PARAMETERS) {
          assert.ok(
            isParameterValid(parameter, definition[parameter]),
            `${parameter} ${definition[parameter]} at ${usd}`,
          );
        }
        assert.equal(tickUnits(definition.TICK_SIZE, definition.SIZE_STEP), 1000);
        const tickShare = definition.TICK_SIZE / 1e12 / usd;
        assert.ok(tickShare > 0.99e-5 && tickShare < 1.01e-4, `${tickShare}`);
        const lotUsd = (definition.SIZE_STEP / 1e12) * usd;
        assert.ok(lotUsd > 0.099 && lotUsd < 1.01, `${lotUsd}`);
      }),
    );
  });

  test('leverage and band follow the place by turnover; prices out of reach have no definition', () => {
    const margins = [0, 39, 40, 139, 140, 475].map((rank) => derivedDefinition('X', 2, rank, 1)?.INITIAL_MARGIN);
    assert.deepEqual(margins, [50_000, 50_000, 100_000, 100_000, 200_000, 200_000]);
    assert.equal(derivedDefinition('X', 9e-8, 0, 1), undefined);
    assert.equal(derivedDefinition('X', 2e8, 0, 1), undefined);
  });
});

describe('documentedDefinition', () => {
  test('BTC as Paradex documents it', () => {
    const parameters = listedParameters('BTC-USD-PERP');
    assert.ok(parameters);
    assert.deepEqual(documentedDefinition(parameters, 'BTC-USD-PERP', 92_500, 7), {
      name: 'BTC-USD-PERP',
      fundingPeriodS: 28_800,
      venues: 7,
      TICK_SIZE: 1e11,
      SIZE_STEP: 1e7,
      MINIMUM_NOTIONAL: 10e8,
      MAXIMUM_ORDER: 10_000_000,
      POSITION_LIMIT: 30_000_000,
      PRICE_BAND: 50_000,
      INITIAL_MARGIN: 20_000,
      MAINTENANCE_FACTOR: 500_000,
      INTEREST_RATE: 1e8,
      CLAMP_RATE: 5e8,
      MAXIMUM_FUNDING_RATE: 2e10,
      FUNDING_MULTIPLIER: 1_000_000,
      IMPACT_NOTIONAL: 5000e8,
      BASIS_WEIGHT: 200_000,
      MAXIMUM_SPREAD: 10_000,
      MAXIMUM_OPEN_ORDERS: 150,
    });
  });

  test('is undefined where the parameters do not fit: a coarse tick, a step too fine, an order size that is not known', () => {
    const parameters = listedParameters('BTC-USD-PERP');
    assert.ok(parameters);
    assert.ok(documentedDefinition(parameters, 'BTC-USD-PERP', 100, 1));
    assert.equal(documentedDefinition(parameters, 'BTC-USD-PERP', 99, 1), undefined);
    assert.equal(documentedDefinition({ ...parameters, sizeStep: '0.000000001' }, 'X', 92_500, 1), undefined);
    assert.equal(
      documentedDefinition({ ...parameters, tickSize: '0.00001', sizeStep: '0.0001' }, 'X', 1, 1),
      undefined,
    );
    assert.equal(documentedDefinition({ ...parameters, maximumOrderSize: undefined }, 'X', 92_500, 1), undefined);
  });
});

describe('price units', () => {
  test('one price unit times one lot is 1e-8 USDC', () => {
    assert.equal(inPriceUnits('92500.123', priceScale(1e7)), 92_500_123);
    assert.equal(inPriceUnits('92500.1234', priceScale(1e7)), 92_500_123);
    assert.equal(inPriceUnits('0.1285', priceScale(1e12)), 12_850_000);
    assert.equal(inPriceUnits('0.00001234', priceScale(1e15)), 1_234_000);
    assert.equal(inPriceUnits('2', priceScale(5e10)), 10_000_000);
    assert.equal(inPriceUnits('0.0000001', priceScale(1e7)), 1);
  });
});
