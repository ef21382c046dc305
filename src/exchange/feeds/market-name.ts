// Market names: what venues call a perpetual future, and what makewhole calls it (BTC-USD-PERP).

const pairPattern = /^([\p{L}\p{N}]+?)[-_/]?(?:USDT|USDC|USD)(?:[-_](?:PERP|SWAP)|:(?:USDT|USDC|USD))?$/u;
const perpetualPattern = /^([\p{L}\p{N}]+)-PERP$/u;
const coinPattern = /^[\p{L}\p{N}]+$/u;
/** Currency pairs that are quoted in a currency other than the dollar: USDJPY. */
const dollarBasePattern = /^USD[A-Z]{3}$/;

/**
 * Returns the market of a pair symbol against USD, USDT or USDC: ALGOUSDT, XBTUSD, BTC-USDT, ETH-USDT-SWAP, BTCUSD_PERP,
 * BTC-PERP. 1000PEPEUSDT keeps its multiplier: 1000PEPE-USD-PERP. Undefined for anything else (ETHBTC, BTCUSDT_260327).
 */
export function marketOfPair(symbol: string): string | undefined {
  const match = pairPattern.exec(symbol) ?? perpetualPattern.exec(symbol);
  return match?.[1] === undefined ? undefined : marketOfBase(match[1]);
}

/** As `marketOfPair`, for symbols of Binance, where BTCBUSD is BTC against BUSD and not BTCB against the dollar. */
export function marketOfBinanceSymbol(symbol: string): string | undefined {
  return symbol.endsWith('BUSD') ? undefined : marketOfPair(symbol);
}

/**
 * Returns the market of a coin as venues list it that quote all perpetuals in dollars: BTC, kPEPE, vntl:OPENAI. Undefined
 * for what is no coin against the dollar (USDJPY).
 */
export function marketOfCoin(coin: string): string | undefined {
  const base = coin.slice(coin.lastIndexOf(':') + 1);
  return coinPattern.test(base) && !dollarBasePattern.test(base) ? marketOfBase(base) : undefined;
}

/** Returns the market of a symbol that may be a pair or a coin; a pair is tried first. */
export function marketOfSymbol(symbol: string): string | undefined {
  return marketOfPair(symbol) ?? marketOfCoin(symbol);
}

function marketOfBase(base: string): string {
  return `${base === 'XBT' ? 'BTC' : base}-USD-PERP`;
}
