/** The faults of a matrix: the built-in cases, or those of an outsider's module. */
import { CASES } from './cases.ts';
import type { Fault } from './fault.ts';

/** A module holds no faults that can be run: what is wrong with it. */
class BadFaultFile extends Error {
  readonly code = 'bad_fault_file';
  constructor(file: string, what: string) {
    super(`${file}: ${what}`);
    this.name = 'BadFaultFile';
  }
}

const HARMS = ['forced', 'missed', 'money', 'trade', 'stopped'];
const HOOKS = ['inputs', 'memory', 'loaded', 'database', 'operator'];

/** The faults that a module exports: `faults`, an array, or any exported fault. Refuses (throws `BadFaultFile`) what is none. */
export async function faultsOf(file: string | undefined): Promise<readonly Fault[]> {
  if (file === undefined) return CASES;
  let module: Record<string, unknown>;
  try {
    module = (await import(file)) as Record<string, unknown>;
  } catch (error) {
    throw new BadFaultFile(file, error instanceof Error ? error.message : String(error));
  }
  const listed = module['faults'];
  const faults = (Array.isArray(listed) ? listed : Object.values(module).filter(isLikeFault)) as Fault[];
  if (faults.length === 0) throw new BadFaultFile(file, 'it exports no fault: export const faults = [{ id, name, … }]');
  const seen = new Set<string>();
  for (const fault of faults) {
    const wrong = wrongWith(fault) ?? (seen.has(fault.id) ? `two faults are called ${fault.id}` : undefined);
    if (wrong !== undefined) throw new BadFaultFile(file, wrong);
    seen.add(fault.id);
  }
  return faults;
}

function isLikeFault(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'id' in value;
}

function wrongWith(fault: Fault): string | undefined {
  if (!isLikeFault(fault) || typeof fault.id !== 'string' || typeof fault.name !== 'string') {
    return 'a fault needs an id and a name';
  }
  if (!['I', 'II', 'III'].includes(fault.class)) return `${fault.id}: class is I, II or III`;
  if (!Array.isArray(fault.harm) || !fault.harm.every((kind) => HARMS.includes(kind))) {
    return `${fault.id}: harm is an array of ${HARMS.join(', ')}`;
  }
  const ticks = fault.lastsTicks ?? 1;
  if (!Number.isInteger(ticks) || ticks < 1) return `${fault.id}: lastsTicks is a whole number from 1`;
  const does = HOOKS.some((hook) => typeof fault[hook as 'inputs'] === 'function');
  return does ? undefined : `${fault.id}: it does nothing: give it one of ${HOOKS.join(', ')}`;
}
