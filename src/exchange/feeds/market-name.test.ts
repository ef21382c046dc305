import assert from 'node:assert/strict';
import test from 'node:test';
import { marketOfBinanceSymbol, marketOfCoin, marketOfPair, marketOfSymbol } from './market-name.ts';

test('pairs against the dollar and its coins', () => {
  const pairs = {
    ALGOUSDT: 'ALGO-USD-PERP',
    XBTUSD: 'BTC-USD-PERP',
    'BTC-USDT': 'BTC-USD-PERP',
    'BTC-USD-PERP': 'BTC-USD-PERP',
    BTCUSD_PERP: 'BTC-USD-PERP',
    'BTC-PERP': 'BTC-USD-PERP',
    'ETH-USDT-SWAP': 'ETH-USD-PERP',
    'SOL/USDT:USDT': 'SOL-USD-PERP',
    ETHUSDC: 'ETH-USD-PERP',
    '1000PEPEUSDT': '1000PEPE-USD-PERP',
    '1INCHUSDT': '1INCH-USD-PERP',
    'kPEPE-USD-PERP': 'kPEPE-USD-PERP',
    USDCUSDT: 'USDC-USD-PERP',
    USD1USDT: 'USD1-USD-PERP',
    BNBUSD: 'BNB-USD-PERP',
    币安人生USDT: '币安人生-USD-PERP',
  };
  for (const [symbol, market] of Object.entries(pairs)) assert.equal(marketOfPair(symbol), market, symbol);
});

test('what is no perpetual against the dollar has no market', () => {
  for (const symbol of ['ETHBTC', 'BTCUSDT_260327', 'BTCEUR', 'USDT', 'USD', '', '-USDT', 'BTC USDT']) {
    assert.equal(marketOfPair(symbol), undefined, symbol);
  }
  assert.equal(marketOfBinanceSymbol('BTCBUSD'), undefined);
  assert.equal(marketOfBinanceSymbol('BNBUSDT'), 'BNB-USD-PERP');
});

test('coins, with or without the name of their market maker', () => {
  assert.equal(marketOfCoin('BTC'), 'BTC-USD-PERP');
  assert.equal(marketOfCoin('vntl:OPENAI'), 'OPENAI-USD-PERP');
  assert.equal(marketOfCoin('hyna:hyna:ZEC'), 'ZEC-USD-PERP');
  assert.equal(marketOfCoin('USDJPY'), undefined);
  assert.equal(marketOfCoin('BTC-27MAR26'), undefined);
  assert.equal(marketOfSymbol('EURUSD'), 'EUR-USD-PERP');
  assert.equal(marketOfSymbol('HYPE'), 'HYPE-USD-PERP');
});
