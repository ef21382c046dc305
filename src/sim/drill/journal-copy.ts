/** A journal of its own with the same entries: what a run without the fault starts from. */
import { MemoryJournal } from '../../journal/memory-journal.ts';
import type { Journal } from '../../journal/journal.ts';

export function copyJournal(from: Journal): MemoryJournal {
  const copy = new MemoryJournal();
  const restored = from.restores.map(({ restores }) => restores).values();
  for (const entry of from.entries()) {
    if (entry.kind === 'block') copy.appendBlock(entry.block);
    else if (entry.certificate !== undefined) copy.appendRestore(entry.certificate, restored.next().value as number);
    else if (entry.warrants !== undefined) copy.appendWarrants(entry.warrants);
    else if (entry.acts !== undefined) copy.appendActs(entry.acts);
    else if (entry.holds !== undefined) copy.appendHolds(entry.holds);
    else copy.append(entry);
  }
  return copy;
}
