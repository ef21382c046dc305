import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { readMarketParametersFile } from './market-parameters-file.ts';
import { temporaryFile } from './temporary-folder.ts';

const header =
  'contractName,group,productType,settlementCurrency,baseCurrency,quoteCurrency,fundingPeriod,tickSize,orderSizeIncrement,' +
  'minOrderValue,maxOrderSize,maxOpenOrders,positionLimit,priceBandFactor,fundingMultiplier,maxFundingRate,ewmaFactor,imf,' +
  'mmf,source_path';
const eth =
  'ETH-USD-PERP,tier-1,Linear Perpetual Future,USDC,ETH,USD,8 hours,0.01 USD,0.0001 ETH,10 USD,"1,000 ETH",150,"9,000 ETH",5%,1.0,2%,20%,2%,50%,eth.mdx';
const bz =
  'BZ-USD-PERP,rwa,BZ Perpetual Future,USDC,BZ,USD,8.0 hours,0.01 USD,0.1 BZ,10 USD,"3,000 BZ",75,"30,000 BZ",20.0%,0.5,0.5%,15%,3.3333%,50%,bz.mdx';
const bzElsewhere = bz.replace(',rwa,', ',tradfi,').replace('30,000', '9,600').replace('bz.mdx', 'other.mdx');

const fileOf = (context: TestContext, ...rows: string[]): string =>
  temporaryFile(context, 'markets.csv', `${[header, ...rows].join('\r\n')}\r\n`);

test('a row becomes exact numbers in the units of the record', (context) => {
  const { rows, markets, findings } = readMarketParametersFile(fileOf(context, eth));
  assert.deepEqual([rows, findings], [1, []]);
  assert.deepEqual(markets, [
    {
      market: 'ETH-USD-PERP',
      group: 'tier-1',
      baseCurrency: 'ETH',
      quoteCurrency: 'USD',
      settlementCurrency: 'USDC',
      fundingPeriodMs: 28_800_000,
      tickSize: '0.01',
      sizeStep: '0.0001',
      minimumNotional: '10',
      maximumOrderSize: '1000',
      maximumOpenOrders: 150,
      positionLimit: '9000',
      priceBandFraction: '0.05',
      fundingMultiplier: '1',
      maximumFundingRate: '0.02',
      ewmaFactor: '0.2',
      initialMarginFraction: '0.02',
      maintenanceMarginFactor: '0.5',
    },
  ]);
  const [oil] = readMarketParametersFile(fileOf(context, bz)).markets;
  assert.deepEqual(
    [oil?.initialMarginFraction, oil?.maximumFundingRate, oil?.fundingPeriodMs],
    ['0.033333', '0.005', 28_800_000],
  );
});

test('a market listed twice alike is one market; listed differently it is an error or, by a chosen group, a finding', (context) => {
  const alike = bz.replace(',rwa,', ',tradfi,').replace('bz.mdx', 'other.mdx');
  const once = readMarketParametersFile(fileOf(context, bz, alike));
  assert.deepEqual([once.rows, once.markets.length, once.findings], [2, 1, []]);
  const file = fileOf(context, bz, eth, bzElsewhere);
  assert.throws(() => readMarketParametersFile(file), {
    name: 'FeedError',
    code: 'conflicting_duplicate',
    line: 4,
    detail: 'BZ-USD-PERP is also on line 2, with other values of positionLimit',
  });
  assert.throws(() => readMarketParametersFile(file, { preferGroups: ['tier-1'] }), { code: 'conflicting_duplicate' });
  const chosen = readMarketParametersFile(file, { preferGroups: ['tradfi', 'rwa'] });
  assert.deepEqual(
    chosen.markets.map(({ market, positionLimit }) => [market, positionLimit]),
    [
      ['BZ-USD-PERP', '9600'],
      ['ETH-USD-PERP', '9000'],
    ],
  );
  assert.deepEqual(
    chosen.findings.map(({ code, line, market }) => [code, line, market]),
    [['conflicting_duplicate', 4, 'BZ-USD-PERP']],
  );
  assert.throws(() => readMarketParametersFile(file, { preferGroups: ['tradfi'], strict: true }), {
    code: 'conflicting_duplicate',
  });
});

test('digit groups: western and Indian are read, others are not guessed', (context) => {
  const indian = readMarketParametersFile(fileOf(context, eth.replace('1,000 ETH', '1,40,00,000 ETH')));
  assert.equal(indian.markets[0]?.maximumOrderSize, '14000000');
  assert.deepEqual(
    indian.findings.map(({ code, line }) => [code, line]),
    [['inconsistent_parameters', 2]],
  );
  const odd = readMarketParametersFile(fileOf(context, eth.replace('1,000 ETH', '50,000,0000 ETH')));
  assert.equal(odd.markets[0]?.maximumOrderSize, undefined);
  assert.deepEqual(
    odd.findings.map(({ code, line }) => [code, line]),
    [['misgrouped_number', 2]],
  );
});

test('values that cannot be right stop at their line', (context) => {
  const cases: [string, string, string][] = [
    ['0.01 USD', '0 USD', 'bad_number'],
    ['0.01 USD', '-0.01 USD', 'bad_number'],
    ['0.01 USD', '0.01 EUR', 'bad_number'],
    ['0.01 USD', '0.01', 'bad_number'],
    ['"1,000 ETH"', '1,000 ETH', 'bad_row'],
    ['"1,000 ETH"', '"1,000 BTC"', 'bad_number'],
    [',5%,', ',5,', 'bad_number'],
    [',5%,', ',0%,', 'bad_number'],
    [',150,', ',none,', 'bad_number'],
    ['8 hours', '8', 'bad_number'],
    ['ETH-USD-PERP', 'ETH-EUR-PERP', 'unknown_market'],
  ];
  for (const [from, to, code] of cases) {
    const file = fileOf(context, bz, eth.replace(from, to));
    assert.throws(() => readMarketParametersFile(file), { name: 'FeedError', code, line: 3, file }, `${from} as ${to}`);
  }
  assert.throws(() => readMarketParametersFile(fileOf(context)), { code: 'empty_file' });
  assert.throws(() => readMarketParametersFile(temporaryFile(context, 'a.csv', 'a,b\n')), {
    code: 'unknown_format',
    line: 1,
  });
});
