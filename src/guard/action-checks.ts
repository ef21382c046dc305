/** Do the facts of a proposed action hold by the guard's own computation? */
import { FLAG } from '../engine/flags.ts';
import { CLOSE } from '../engine/refusal.ts';
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { OPERATION, pausedByStatus, STATUS } from '../engine/status.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import type { JudgedAccount } from './account-checks.ts';
import { floorOf, whole } from './exact.ts';
import type { InputImage } from './input-image.ts';
import type { Known } from './known.ts';
import { initialOf, ordersToCancel, shareOf } from './live-account.ts';
import { differentColumn } from './order-image.ts';
import { KNOWN_ORDER } from './order-lists.ts';
import type { Checks, ForcedAction } from './verdict.ts';

const MILLION = 1_000_000n;

/** What a proposal to liquidate says of the account. */
export interface ProposedMargin {
  readonly equity: bigint;
  readonly maintenance: bigint;
}

/** Notes whether the action is due. `proposed` is there for a liquidation. */
export function checkAction(
  known: Known,
  state: State,
  judged: JudgedAccount,
  action: ForcedAction,
  proposed: ProposedMargin | undefined,
  checks: Checks,
): void {
  checkAllowed(known, judged, action, checks);
  if (action.kind === 'liquidate') return checkLiquidation(known, judged, action.share, proposed, checks);
  if (action.kind === 'settlePosition') return checkSettlement(known, judged, action, checks);
  const row = known.orders.rowOf(action.order);
  const { i32 } = known.orders;
  const owner = row === 0 ? 0 : (i32[row * 8 + KNOWN_ORDER.ACCOUNT] as number);
  const market = row === 0 ? 0 : (i32[row * 8 + KNOWN_ORDER.MARKET] as number);
  const about = `order ${action.order}`;
  checks.same('II', 'order_owner', about, owner, judged.live.account);
  checks.same('II', 'order_market', about, market, action.market);
  if (row === 0) return;
  compareOrder(known, state, row, about, checks);
  if (action.kind === 'fireTrigger') return checkTrigger(known, row, action.mark, about, checks);
  if (action.reason === CLOSE.DELEVERAGE) return checkDeleverage(known, judged, row, about, checks);
  checkBand(known, row, action.reason, about, checks);
}

function isUnhealthy({ equity, maintenance }: JudgedAccount): boolean {
  return maintenance > equity || equity <= 0n;
}

function holdsAny({ live }: JudgedAccount): boolean {
  return live.positions.some(({ size }) => size !== 0n);
}

function checkLiquidation(
  known: Known,
  judged: JudgedAccount,
  share: number,
  proposed: ProposedMargin | undefined,
  checks: Checks,
): void {
  const { equity, maintenance } = judged;
  checks.same('II', 'equity', 'proposed', proposed?.equity ?? 0n, equity);
  checks.same('II', 'maintenance_margin', 'proposed', proposed?.maintenance ?? 0n, maintenance);
  checks.note('II', 'unhealthy', '', isUnhealthy(judged), `equity ${equity}`, `below ${maintenance} or nothing`);
  checks.note('II', 'holds_position', '', holdsAny(judged), judged.live.positions.length, 'a position');
  checks.same('II', 'liquidation_share', 'proposed', whole(share), shareOf(known, equity, maintenance));
}

/** A position of a delisted market is closed whole, at the mark; the mark itself is a check of its market. */
function checkSettlement(
  known: Known,
  judged: JudgedAccount,
  { market, size, mark }: ForcedAction & { readonly kind: 'settlePosition' },
  checks: Checks,
): void {
  const about = `market ${market}`;
  const { i32 } = known.inputs.market;
  const held = judged.live.positions.find((position) => position.market === market);
  checks.same('II', 'delisted', about, i32[market * 256 + MARKET.STATUS] as number, STATUS.SETTLEMENT);
  checks.same('II', 'settled_size', `${about} proposed`, whole(size), held?.size ?? 0n);
  checks.same('II', 'mark', `${about} proposed`, whole(mark), known.derived(market, 'MARK'));
  checks.note('II', 'account_is_trader', '', judged.live.account !== INSURANCE_FUND, judged.live.account, 'a trader');
}

/** Notes whether the action is allowed by status and pauses as commands set them, whatever the rows say. */
function checkAllowed(known: Known, judged: JudgedAccount, action: ForcedAction, checks: Checks): void {
  if (action.kind === 'forceCancel') return;
  const { inputs } = known;
  const operation = action.kind === 'fireTrigger' ? OPERATION.TRIGGERS : OPERATION.LIQUIDATIONS;
  const held = judged.live.positions.filter(({ size }) => size !== 0n).map(({ market }) => market);
  const markets = action.kind === 'liquidate' ? held : [action.market];
  // A delisted market settles while its status pauses liquidations; only what was paused by itself stops it.
  const settles = action.kind === 'settlePosition';
  const paused = markets.find((market) => (pausedIn(inputs, market, settles) & operation) !== 0);
  const found = paused === undefined ? 'allowed' : `paused in market ${paused}`;
  checks.note('I', 'status_allows', '', paused === undefined, found, 'allowed');
}

function pausedIn({ market, venue }: InputImage, row: number, isOwnStatusOff: boolean): number {
  const own = isOwnStatusOff ? STATUS.OK : (market.i32[row * 256 + MARKET.STATUS] as number);
  const status = Math.max(own, venue.i32[128 + VENUE.STATUS] as number);
  const paused = (market.i32[row * 256 + MARKET.PAUSED] as number) | (venue.i32[128 + VENUE.PAUSED] as number);
  return paused | pausedByStatus(status);
}

/** What becomes of a live order is up to its row: it must be what events made of it. */
function compareOrder(known: Known, state: State, row: number, about: string, checks: Checks): void {
  const column = differentColumn(known.orders, known.image.position.i32, state.order.i32, row);
  const isThere = row < state.order.rows;
  checks.note('I', 'order_continuity', about, isThere && column === undefined, column ?? 'as told', 'as told');
}

function checkTrigger(known: Known, row: number, mark: number, about: string, checks: Checks): void {
  const { i32 } = known.orders;
  const market = i32[row * 8 + KNOWN_ORDER.MARKET] as number;
  const flags = i32[row * 8 + KNOWN_ORDER.FLAGS] as number;
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const trigger = whole(i32[row * 8 + KNOWN_ORDER.TRIGGER]) * units;
  const now = known.derived(market, 'MARK');
  checks.note('II', 'waits_for_trigger', about, (flags & FLAG.UNTRIGGERED) !== 0, flags, 'untriggered');
  checks.same('II', 'mark', 'proposed', whole(mark), now);
  const isReached = (flags & FLAG.TRIGGER_ABOVE) === 0 ? now <= trigger : now >= trigger;
  checks.note('II', 'trigger_reached', about, isReached, now, trigger);
}

function checkDeleverage(known: Known, judged: JudgedAccount, row: number, about: string, checks: Checks): void {
  const { live, equity } = judged;
  const initial = initialOf(known, live);
  checks.note('II', 'below_initial_margin', '', equity < initial, equity, initial);
  const isLiquidatable = isUnhealthy(judged) && holdsAny(judged);
  checks.note('II', 'not_liquidatable', '', !isLiquidatable, `equity ${equity}`, `maintenance ${judged.maintenance}`);
  checks.note('II', 'account_is_trader', '', live.account !== INSURANCE_FUND, live.account, 'a trader');
  checks.note('II', 'raises_risk', about, ordersToCancel(known, live).has(row), `row ${row}`, 'to be cancelled');
}

/** In restricted modes an order rests within a band of the external fair price, its width rounded down. */
function checkBand(known: Known, row: number, reason: number, about: string, checks: Checks): void {
  const { i32 } = known.orders;
  const market = i32[row * 8 + KNOWN_ORDER.MARKET] as number;
  const flags = i32[row * 8 + KNOWN_ORDER.FLAGS] as number;
  checks.same('II', 'cancel_reason', about, reason, CLOSE.PRICE_OUTSIDE_BANDS);
  const { inputs } = known;
  const own = inputs.market.i32[market * 256 + MARKET.STATUS] as number;
  const status = Math.max(own, inputs.venue.i32[128 + VENUE.STATUS] as number);
  const isRestricted = status === STATUS.POST_ONLY || status === STATUS.CANCEL_ONLY;
  checks.note('II', 'restricted_mode', about, isRestricted, status, 'post-only or cancel-only');
  const fair = known.derived(market, 'EXTERNAL_FAIR');
  const width = floorOf(fair * known.rule(RULE.restricted_band), MILLION);
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const price = whole(i32[row * 8 + KNOWN_ORDER.PRICE]) * units;
  const isSell = (flags & FLAG.SELL) !== 0;
  const edge = isSell ? fair - width : fair + width;
  checks.note('II', 'outside_band', about, isSell ? price < edge : price > edge, price, edge);
}
