/** The naive exchange: the same commands in, the same events out as `engine/apply.ts`, by the most obvious code. */
import { COMMAND, type CommandKind } from '../../engine/command.ts';
import type { EventRecord } from '../../engine/event.ts';
import { refusalCode, type Refusal } from '../../engine/refusal.ts';
import { defineAccount, defineMarket, setLeverage, setMarketParameter, setRule, setStatus } from './admin.ts';
import { checkRequest, type Request, requestOf } from './check.ts';
import { CommandView, formOf } from './command-form.ts';
import { fireTrigger, forceCancel, liquidate } from './forced.ts';
import { carryWithdrawal, endRefund, repayReceivable, reserveRefund, reverseCredit } from './remedy.ts';
import { collateralPrice, oraclePrice, venueQuote } from './samples.ts';
import { settlePosition } from './settlement.ts';
import { tell } from './tell.ts';
import { tick } from './tick.ts';
import { amendOrder, cancelAll, cancelByClientId, cancelForFork, cancelOrder, placeOrder } from './trading.ts';
import { deposit, requestWithdrawal, settleWithdrawal, transfer } from './transfers.ts';
import { newWorld, type World } from './world.ts';

type Handler = (world: World, command: CommandView) => Refusal;

function orderIn(command: CommandView): Request {
  const value = (column: string): number => command.value(column);
  return requestOf(value('ACCOUNT'), value('MARKET'), value('PRICE'), value('SIZE'), value('TRIGGER'), value('FLAGS'));
}

/** All orders of a batch are refused when one is not well formed; then each is judged alone. */
function placeBatch(world: World, batch: CommandView): Refusal {
  const items: CommandView[] = [];
  let row = batch.row + 1;
  for (let item = 0; item < batch.value('COUNT'); item++) {
    const order = batch.at(row);
    items.push(order);
    row += order.claimed;
  }
  for (const item of items) {
    const refusal = checkRequest(world, orderIn(item));
    if (refusal !== 'none') return refusal;
  }
  items.forEach((item, place) => {
    const request = orderIn(item);
    const refusal = placeOrder(world, request, item.clientId(), item.value('NOT_AFTER_MS'));
    const { account, market } = request;
    const command = COMMAND.placeOrder;
    if (refusal === 'none') return;
    tell(world, 'refused', { command, refusal: refusalCode(refusal), account, market, item: place + 1 });
  });
  return 'none';
}

const handlers: { readonly [kind in CommandKind]: Handler } = {
  defineMarket: (world, command) =>
    defineMarket(
      world,
      command.text('NAME'),
      command.value('FUNDING_PERIOD_S'),
      command.value('VENUES'),
      command.parameters(),
    ),
  defineAccount: (world, c) => defineAccount(world, c.value('KIND_OF_ACCOUNT'), c.value('FEE_CLASS'), c.text('KEY')),
  deposit: (world, c) => deposit(world, c.value('ACCOUNT'), c.value('AMOUNT'), c.value('REFERENCE')),
  requestWithdrawal: (world, c) => requestWithdrawal(world, c.value('ACCOUNT'), c.value('AMOUNT')),
  settleWithdrawal: (world, c) => settleWithdrawal(world, c.value('WITHDRAWAL'), c.value('SETTLED') !== 0),
  transfer: (world, c) => transfer(world, c.value('FROM'), c.value('TO'), c.value('AMOUNT')),
  placeOrder: (world, command) =>
    placeOrder(world, orderIn(command), command.clientId(), command.value('NOT_AFTER_MS')),
  amendOrder: (world, c) =>
    amendOrder(world, c.value('ACCOUNT'), c.value('ORDER'), c.value('PRICE'), c.value('SIZE'), c.value('TRIGGER')),
  cancelOrder: (world, c) => cancelOrder(world, c.value('ACCOUNT'), c.value('ORDER')),
  cancelByClientId: (world, c) => cancelByClientId(world, c.value('ACCOUNT'), c.clientId() ?? ''),
  cancelAll: (world, c) => cancelAll(world, c.value('ACCOUNT'), c.value('MARKET')),
  placeBatch,
  setLeverage: (world, c) => setLeverage(world, c.value('ACCOUNT'), c.value('MARKET'), c.value('LEVERAGE')),
  oraclePrice: (world, c) =>
    oraclePrice(world, c.value('MARKET'), c.value('SOURCE'), c.value('PRICE'), c.value('SOURCE_MS')),
  venueQuote: (world, c) =>
    venueQuote(
      world,
      c.value('MARKET'),
      c.value('VENUE_AND_KNOWN'),
      c.value('SOURCE_MS'),
      ['MARK', 'INDEX', 'IMPACT_BID', 'IMPACT_ASK'].map((column) => c.value(column)),
    ),
  collateralPrice: (world, c) => collateralPrice(world, c.value('PRICE'), c.value('SOURCE_MS')),
  tick: (world) => {
    tick(world);
    return 'none';
  },
  setStatus: (world, c) => setStatus(world, c.value('MARKET'), c.value('STATUS'), c.value('PAUSED')),
  setRule: (world, c) => setRule(world, c.value('RULE'), c.value('VALUE')),
  setMarketParameter: (world, c) =>
    setMarketParameter(world, c.value('MARKET'), c.value('PARAMETER'), c.value('VALUE')),
  liquidate: (world, c) =>
    liquidate(
      world,
      c.value('ACCOUNT'),
      c.value('SHARE'),
      { high: c.value('EQUITY_HIGH'), low: c.value('EQUITY_LOW') },
      { high: c.value('MAINTENANCE_HIGH'), low: c.value('MAINTENANCE_LOW') },
    ),
  fireTrigger: (world, c) => fireTrigger(world, c.value('ORDER'), c.value('MARK')),
  forceCancel: (world, c) => forceCancel(world, c.value('ORDER'), c.value('REASON')),
  settlePosition: (world, c) =>
    settlePosition(world, c.value('ACCOUNT'), c.value('MARKET'), c.value('SIZE'), c.value('MARK')),
  cancelForFork: (world) => {
    cancelForFork(world);
    return 'none';
  },
  carryWithdrawal: (world, c) => carryWithdrawal(world, c.value('ACCOUNT'), c.value('AMOUNT'), c.value('WITHDRAWAL')),
  repayReceivable: (world, c) => repayReceivable(world, c.value('ACCOUNT'), c.value('AMOUNT')),
  reverseCredit: (world, c) => reverseCredit(world, c.value('ACCOUNT'), c.value('AMOUNT'), c.text('ID')),
  reserveRefund: (world, c) => reserveRefund(world, c.value('ACCOUNT'), c.value('AMOUNT'), c.text('ID')),
  postRefund: (world, c) => endRefund(world, c.text('ID'), 'posted'),
  voidRefund: (world, c) => endRefund(world, c.text('ID'), 'voided'),
};

/** Kinds whose refusal names the account (and some the market) of the command. */
const namesAccount: ReadonlySet<number> = new Set(
  (
    ['placeOrder', 'amendOrder', 'cancelOrder', 'cancelByClientId', 'cancelAll', 'placeBatch', 'setLeverage'] as const
  ).map((kind) => COMMAND[kind]),
);
const namesMarket: ReadonlySet<number> = new Set(
  (['placeOrder', 'cancelAll', 'setLeverage'] as const).map((kind) => COMMAND[kind]),
);

export class NaiveExchange {
  readonly world: World = newWorld();

  /** Events since the last `clear`. */
  get events(): EventRecord[] {
    return this.world.events;
  }

  clear(): void {
    this.world.events = [];
  }

  /** Applies the command at `row`; returns the rows it took. `words` ends with the last row that is there. */
  apply(words: Int32Array, floats: Float64Array, row: number): number {
    const { world } = this;
    const command = new CommandView(words, floats, row);
    world.sequence++;
    const form = formOf(command);
    const refusal = form !== 'none' ? form : this.handle(command);
    if (refusal !== 'none') this.refuse(command, refusal);
    return command.claimed >= 1 && command.claimed <= command.there ? command.claimed : 1;
  }

  private handle(command: CommandView): Refusal {
    const { world } = this;
    if (command.timeMs < world.timeMs) return 'time_runs_backwards';
    // A time of −0 is the time 0.
    world.timeMs = command.timeMs + 0;
    return handlers[command.kind as CommandKind](world, command);
  }

  private refuse(command: CommandView, refusal: Refusal): void {
    const { code, words, row } = command;
    tell(this.world, 'refused', {
      command: code,
      refusal: refusalCode(refusal),
      account: namesAccount.has(code) ? (words[row * 16 + 4] as number) : 0,
      market: namesMarket.has(code) ? (words[row * 16 + 5] as number) : 0,
    });
  }
}
