/**
 * Rules: fees, fractions, caps and intervals that can change a replay. They are part of the state and change by command
 * only. Each has its default, its unit and its range; a value outside the range is refused.
 */

export interface Rule {
  readonly name: string;
  readonly unit: string;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly about: string;
}

function rule<Name extends string>(
  name: Name,
  unit: string,
  value: number,
  minimum: number,
  maximum: number,
  about: string,
): Rule & { readonly name: Name } {
  return { name, unit, default: value, minimum, maximum, about };
}

/** All rules; a rule's number is its place here. New ones are appended, none is ever moved. */
export const RULES = [
  rule('maker_fee', 'ppm', 30, -1000, 100_000, 'pro maker fee of the notional'),
  rule('taker_fee', 'ppm', 450, 0, 100_000, 'pro taker fee of the notional'),
  rule('retail_maker_fee', 'ppm', 0, -1000, 100_000, 'retail maker fee'),
  rule('retail_taker_fee', 'ppm', 0, 0, 100_000, 'retail taker fee'),
  rule('liquidation_fee', 'ppm', 700_000, 0, 1_000_000, 'penalty, as a share of the maintenance margin liquidated'),
  rule('liquidation_step', 'ppm', 200_000, 10_000, 1_000_000, 'liquidation share is a multiple of this'),
  rule('liquidation_target', 'ppm', 900_000, 100_000, 1_000_000, 'margin ratio to get below by a liquidation'),
  rule('restricted_band', 'ppm', 500, 1, 100_000, 'band around the external fair price in restricted modes'),
  rule('funding_gap', 'ms', 30_000, 1_000, 3_600_000, 'a longer gap between two ticks accrues no funding'),
  rule('funding_half_life', 's', 1_800, 1, 86_400, 'half-life of the smoothed funding rate'),
  rule('restricted_funding_half_life', 's', 30, 1, 86_400, 'the same while a market is post-only'),
  rule('venue_half_life', 's', 3, 1, 3_600, 'half-life of external bases'),
  rule('slow_half_life', 's', 3_600, 1, 86_400, 'half-life of the own basis in the external fair price'),
  rule('liquidity_ramp', 's', 1_800, 1, 86_400, 'time in which the liquidity weight goes from 0 to 1'),
  rule('oracle_age', 'ms', 30_000, 1_000, 3_600_000, 'an older spot price is absent'),
  rule('quote_age', 'ms', 30_000, 1_000, 3_600_000, 'an older external quote is absent'),
  rule('health_interval', 'ms', 5_000, 0, 3_600_000, 'time between two health checks of all accounts'),
  rule('own_premium_score', 'points', 35, 1, 1_000, 'weight of the own premium in the weighted median'),
  rule('venue_premium_score', 'points', 12, 1, 1_000, 'weight of each external premium'),
  // limits of the guard: the engine reads none of them
  rule('guard_sample_age', 'ms', 20_000, 1_000, 3_600_000, 'forced actions need samples no older than this'),
  rule('guard_quorum', 'sources', 2, 1, 12, 'forced actions need so many fresh sources of a price'),
  rule('guard_family_band', 'ppm', 30_000, 100, 1_000_000, 'spot oracles and venue indexes may differ by this'),
  rule('guard_sample_band', 'ppm', 100_000, 100, 1_000_000, 'a sample may differ from a majority that agrees by this'),
  rule('guard_flat', 'ms', 120_000, 1_000, 86_400_000, 'a price that stands still so long while others move is flat'),
  rule('guard_grace', 'ms', 5_000, 0, 60_000, 'how long a doubt of class III delays a forced action'),
  rule(
    'guard_notice',
    'ms',
    86_400_000,
    0,
    2_592_000_000,
    'notice after which a change may make accounts liquidatable',
  ),
  rule('guard_order_lag', 'ms', 60_000, 1_000, 3_600_000, 'an order that waited longer than this is not taken'),
  rule('breaker_interval', 'ms', 60_000, 1_000, 3_600_000, 'interval that the breakers count over'),
  rule(
    'breaker_liquidations',
    'ppm',
    100_000,
    1_000,
    1_000_000,
    'accounts liquidated in an interval, of all that hold',
  ),
  rule('breaker_losses', 'ppm', 250_000, 1_000, 1_000_000, 'loss in an interval, of the insurance fund'),
  rule('breaker_funding', 'ppm', 1_000_000, 1_000, 10_000_000, 'funding paid in an interval, of its bound'),
  rule('reopen_rung', 'ms', 60_000, 0, 86_400_000, 'least time on each rung of a reopening'),
  rule('reopen_grace', 'ms', 120_000, 0, 86_400_000, 'time between open triggers and liquidations in a reopening'),
  rule(
    'reopen_depth',
    'ppm',
    1_000_000,
    0,
    100_000_000,
    'depth on each side that a rung needs, of the impact notional',
  ),
  rule(
    'reopen_soak',
    'ms',
    3_600_000,
    0,
    604_800_000,
    'after a rollback, time with all markets open before withdrawals open',
  ),
  rule('guard_refund_single', 'USDC', 1_000_000, 0, 22_000_000, 'no single refund of a remedy may be larger'),
  rule('guard_refund_share', 'ppm', 1_000_000, 0, 1_000_000, 'refunds may take this share of the insurance fund'),
] as const;

export type RuleName = (typeof RULES)[number]['name'];

/** Rule numbers by name. */
export const RULE = Object.fromEntries(RULES.map((entry, number) => [entry.name, number])) as {
  readonly [name in RuleName]: number;
};
