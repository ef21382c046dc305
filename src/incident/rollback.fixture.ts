/** A venue on a journal that stops, is rolled back and starts again, for tests. */
import assert from 'node:assert/strict';
import { encodeBlock } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { DirectRoots } from '../chain/roots.ts';
import { QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer, utf8 } from '../engine/command-buffer.ts';
import type { EventRecord } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { ACCOUNT_KIND, type State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { type OrderTerms, ROUND_MARKET, USDC, writeOrder } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { rollBack, type RollBackOptions, type RolledBack } from './roll-back.ts';

export class StoppableVenue {
  readonly journal: Journal;
  readonly blockCommands: number;
  exchange!: Exchange;
  timeMs = 1_000_000;
  events: EventRecord[] = [];
  readonly rollbacks: RolledBack[] = [];
  private reference = 0;

  /** `blockCommands` commands close a block; 1: each batch does. */
  constructor(journal: Journal = new MemoryJournal(), blockCommands = 1) {
    this.journal = journal;
    this.blockCommands = blockCommands;
    this.start();
  }

  get state(): State {
    return this.exchange.state;
  }

  /** Height of the last block that was closed. */
  get height(): number {
    this.exchange.finish();
    return this.journal.height;
  }

  /** A new process starts on the journal. */
  start(): void {
    const { journal, blockCommands } = this;
    const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    this.exchange = new Exchange({
      state,
      journal,
      sealer,
      blockCommands,
      blockMs: 1e12,
      onPublish: ({ events }) => {
        this.events = events.all();
      },
    });
    this.timeMs = Math.max(this.timeMs, this.exchange.timeMs);
  }

  /** Stops and rolls back; a new process starts. Fails when it is refused. */
  rollBack(restores: number, more: Partial<RollBackOptions> = {}): RolledBack {
    this.exchange.finish();
    const result = this.rollBackNow(restores, more);
    this.start();
    return result;
  }

  /** Rolls back what the journal has, as a process leaves it that was cut off; nothing is started. */
  rollBackNow(restores: number, more: Partial<RollBackOptions> = {}): RolledBack {
    const result = rollBack(this.journal, { hash: sha256, restores, reason: 'a test', ...more });
    assert.ok(result.accepted, result.accepted ? '' : `${result.refusal}: ${result.about}`);
    this.rollbacks.push(result);
    return result;
  }

  /** Submits what `write` writes as one batch, a second later, and returns its events. */
  submit(write: (commands: CommandBuffer, timeMs: number) => void): EventRecord[] {
    const commands = new CommandBuffer();
    this.timeMs += 1000;
    write(commands, this.timeMs);
    this.events = [];
    this.exchange.submit(commands);
    return this.events;
  }

  /** A market of round numbers without fees and funding, and traders with these deposits, whole USDC; returns their accounts. */
  open(...deposits: readonly number[]): number[] {
    this.submit((commands, timeMs) => {
      commands.defineMarket(timeMs, { ...ROUND_MARKET, PRICE_BAND: 500_000 });
      commands.setStatus(timeMs, 1, STATUS.OK, OPERATION.FUNDING);
      for (const rule of [RULE.maker_fee, RULE.taker_fee, RULE.retail_maker_fee, RULE.retail_taker_fee]) {
        commands.setRule(timeMs, rule, 0);
      }
    });
    const accounts = deposits.map((usdc) => this.account(usdc));
    this.price(1000);
    return accounts;
  }

  /** Opens an account with a deposit. */
  account(usdc: number): number {
    const account = this.state.account.rows;
    this.submit((commands, timeMs) =>
      commands.defineAccount(timeMs, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0),
    );
    this.deposit(account, usdc);
    return account;
  }

  deposit(account: number, usdc: number): void {
    this.submit((commands, timeMs) => commands.deposit(timeMs, account, usdc * USDC, ++this.reference));
  }

  /** Asks for a withdrawal and returns its id. */
  withdraw(account: number, usdc: number): number {
    const [event] = this.submit((commands, timeMs) => commands.requestWithdrawal(timeMs, account, usdc * USDC));
    assert.equal(event?.kind, 'withdrawalRequested', JSON.stringify(event));
    return (event as EventRecord<'withdrawalRequested'>).withdrawal;
  }

  settle(withdrawal: number, hasLeft = true): EventRecord[] {
    return this.submit((commands, timeMs) => commands.settleWithdrawal(timeMs, withdrawal, hasLeft));
  }

  /** All sources say this price of market 1 (ticks, which are USDC), and a tick follows. */
  price(ticks: number): EventRecord[] {
    const price = ticks * 1e6;
    return this.submit((commands, timeMs) => {
      commands.collateralPrice(timeMs, 1e8, timeMs);
      commands.oraclePrice(timeMs, 1, 0, price, timeMs);
      commands.venueQuote(timeMs, 1, 0, QUOTE_KNOWN_ALL, timeMs, price, price, price, price);
      commands.tick(timeMs);
    });
  }

  place(account: number, terms: OrderTerms): EventRecord[] {
    return this.submit((commands, timeMs) => writeOrder(commands, timeMs, account, 1, terms));
  }

  /** `long` buys lots (0.01 of base) of `short` at a price. */
  trade(long: number, short: number, size: number, price: number): void {
    this.place(short, { sell: true, price, size });
    const fills = this.place(long, { price, size }).filter(({ kind }) => kind === 'filled');
    assert.equal((fills[0] as EventRecord<'filled'> | undefined)?.size, size);
  }

  /** Balance and what is owed, in 1e-8 USDC. */
  money(account: number): { balance: number; owed: number } {
    const { f64 } = this.state.account;
    const at = account * 8;
    const balance = (f64[at + ACCOUNT.BALANCE_HIGH] as number) * 2 ** 50 + (f64[at + ACCOUNT.BALANCE_LOW] as number);
    return { balance, owed: f64[at + ACCOUNT.RECEIVABLE] as number };
  }
}

/** A digest of all entries of a journal, what stands beside batches too. */
export function digestOf(journal: Journal): string {
  const parts: string[] = [];
  for (const entry of journal.entries()) {
    if (entry.kind === 'block') parts.push(toHex(encodeBlock(entry.block)));
    else {
      const { fork, firstSequence, commands, closesBlock, bytes, warrants, acts, holds, certificate } = entry;
      const rows = [bytes, warrants, acts, holds, certificate].map((each) => toHex(each ?? new Uint8Array()));
      parts.push([fork, firstSequence, commands, closesBlock, ...rows].join());
    }
  }
  return toHex(sha256(utf8(parts.join(' '))));
}
