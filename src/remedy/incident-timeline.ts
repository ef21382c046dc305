/** The timeline of an incident by blocks: where history was last good, where it left its record, what it forced on whom, where it ends. */
import type { Block } from '../chain/block.ts';
import { type History, isPassed, passedOver } from '../chain/branches.ts';
import { marketName } from '../engine/state.ts';
import type { TimelineEntry } from './dossier.ts';
import type { IncidentCase } from './incident-case.ts';
import type { IncidentRun } from './incident-run.ts';
import type { StateWrite } from './deviation.ts';

/** The blocks of the way from `from` to `to`, both included. */
function wayBetween(history: History, from: Block, to: Block): Block[] {
  const passed = passedOver(history.restores, to.height);
  const blocks: Block[] = [];
  for (let height = from.height; height <= to.height; height++) {
    const block = history.block(height);
    if (block !== undefined && !isPassed(passed, height)) blocks.push(block);
  }
  return blocks;
}

/** What happened when, rising. */
export function timelineOf(incident: IncidentCase, history: History, run: IncidentRun): TimelineEntry[] {
  const { from, to, worlds, record } = run;
  const way = wayBetween(history, from, to);
  const entries: TimelineEntry[] = [];
  const note = ({ fork, height }: Block, timeMs: number, what: string): void =>
    void entries.push({ timeMs, fork, height, what });
  const blockOf = (sequence: number): Block => way.find(({ lastSequence }) => lastSequence >= sequence) ?? to;
  note(from, from.lastMs, 'the last good block');
  for (const { height, restores, fork, lastMs } of way.slice(1)) {
    if (restores !== undefined)
      entries.push({ timeMs: lastMs, fork, height, what: `rolled back to block ${restores}` });
  }
  for (const { afterSequence, writes } of incident.corrections.deviations) {
    const block = blockOf(afterSequence + 1);
    const places = [...new Set(writes.map((write) => placeOf(write, run)))];
    const more = places.length > 4 ? ` and ${places.length - 4} more` : '';
    note(block, block.firstMs, `values that no command wrote: ${places.slice(0, 4).join(', ')}${more}`);
  }
  const first = incident.corrections.commands[0];
  if (first !== undefined) {
    const block = blockOf(first.sequence);
    const count = incident.corrections.commands.length;
    const what = count === 1 ? 'the command that is corrected' : `the first of ${count} commands that are corrected`;
    note(block, block.firstMs, what);
  }
  const blockAt = (timeMs: number): Block => way.find(({ lastMs }) => lastMs >= timeMs) ?? to;
  for (const { sample, market, fromMs, toMs } of incident.corrections.series ?? []) {
    const of = market === 0 ? '' : ` of ${marketName(worlds.actual, market)}`;
    note(blockAt(fromMs), fromMs, `from here on samples ${sample}${of} are corrected`);
    note(blockAt(toMs), toMs, `the last sample ${sample}${of} that is corrected`);
  }
  const { takings } = record.trace('actual').flows;
  for (const [taking, what] of [
    [takings[0], 'the first position was taken by force'],
    [takings.at(-1), `the last of ${takings.length} positions was taken by force`],
  ] as const) {
    if (taking !== undefined) note(blockOf(taking.sequence), taking.timeMs, what);
  }
  note(to, to.lastMs, 'the last block compared');
  return entries.sort((a, b) => a.timeMs - b.timeMs || a.height - b.height);
}

/** A place in words: a market by its name, everything else by its table alone, since a row may be an account. */
function placeOf({ table, row, column }: StateWrite, { worlds }: IncidentRun): string {
  if (table === 'market' && row > 0 && row < worlds.actual.market.rows) {
    return `${marketName(worlds.actual, row)} ${column}`;
  }
  return `${table} ${column}`;
}
