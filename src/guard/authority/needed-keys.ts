/** How many keys of which role an act needs. */
import { commandRows } from '../../chain/command-record.ts';
import { type Act, actBytes } from './act.ts';
import { Directions, type Standing } from './directions.ts';
import type { Roster } from './roster.ts';

/** Distinct keys that must have signed: of any role, and of each. */
export interface Needed {
  readonly any: number;
  readonly operator: number;
  readonly guard: number;
}

const ONE: Needed = { any: 1, operator: 0, guard: 0 };
const TWO_OPERATORS: Needed = { any: 2, operator: 2, guard: 0 };
const ONE_GUARD: Needed = { any: 1, operator: 0, guard: 1 };
const TWO_GUARDS: Needed = { any: 2, operator: 0, guard: 2 };

/** What an act needs once there is a roster. `signers` are the distinct keys that signed it. */
export function neededKeys(act: Act, signers: readonly string[], roster: Roster, standing: Standing): Needed {
  const { what } = act;
  switch (what.kind) {
    case 'commands':
      return neededForCommands(act, standing);
    case 'lift':
    case 'reopen':
    case 'rollback':
    case 'approveRefunds':
      return TWO_OPERATORS;
    case 'announce':
    case 'revokeRefunds':
      return ONE;
    case 'enrol':
      return all(what.keys.map(({ role }) => (role === 'guard' ? TWO_GUARDS : TWO_OPERATORS)));
    case 'retire':
      // Who holds a key may give it up; another's is taken by two.
      if (signers.includes(what.key)) return ONE;
      return roster.roleOf(what.key) === 'guard' ? TWO_GUARDS : TWO_OPERATORS;
  }
}

function neededForCommands(act: Act, standing: Standing): Needed {
  const bytes = actBytes(act, 0);
  const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
  const directions = new Directions(standing);
  const needed: Needed[] = [];
  for (let row = 0; row * 16 < words.length; row += commandRows(words, row)) {
    const direction = directions.next(words, floats, row);
    if (direction?.of === 'guard_limit') needed.push(direction.loosens ? TWO_GUARDS : ONE_GUARD);
    else needed.push(direction?.loosens === false ? ONE : TWO_OPERATORS);
  }
  return all(needed);
}

/** What satisfies each of them. */
function all(needed: readonly Needed[]): Needed {
  return needed.reduce((a, b) => ({
    any: Math.max(a.any, b.any),
    operator: Math.max(a.operator, b.operator),
    guard: Math.max(a.guard, b.guard),
  }));
}

/** In words: `2 keys of operators`. */
export function neededText({ any, operator, guard }: Needed): string {
  const keys = (count: number, of: string): string => `${count} ${count === 1 ? 'key' : 'keys'}${of}`;
  const parts = [operator > 0 ? keys(operator, ' of operators') : '', guard > 0 ? keys(guard, ' of the guard') : ''];
  const text = parts.filter((part) => part !== '').join(' and ');
  return text === '' ? keys(any, '') : text;
}
