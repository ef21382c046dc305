/**
 * A case with what a claimant says is right in its place: corrections are added or replaced by what they are about, everything else of the
 * case stays. What comes of it is read as any case is, so that nothing gets in that a case could not have said at first.
 */
import { decodeCase } from './decode-case.ts';
import { caseJson, type IncidentCase } from './incident-case.ts';

/** Members of a correction, and by what each of their parts is known; undefined: it replaces the whole. */
const MEMBERS: Readonly<Record<string, string | undefined>> = {
  commands: 'sequence',
  deviations: 'afterSequence',
  series: undefined,
  keepHalts: undefined,
  release: undefined,
  prices: 'market',
  policy: undefined,
};

/** Members that stand beside the corrections in a case. */
const OF_CASE: ReadonlySet<string> = new Set(['prices', 'policy']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * The case with a correction, a value of JSON: `commands`, `deviations` and `prices` are added or replace those of the same sequence or
 * market, `series` are added behind those that are there (the last one about a sample holds), all else is replaced. What is no such
 * correction, or makes no case, comes back by name.
 */
export function amendCase(incident: IncidentCase, correction: unknown): IncidentCase | { readonly bad: string } {
  if (typeof correction !== 'object' || correction === null || Array.isArray(correction)) {
    return { bad: 'correction: no object' };
  }
  const given = correction as Fields;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(MEMBERS, name));
  if (unknown !== undefined) return { bad: `correction.${unknown}: not known` };
  if (Object.keys(given).length === 0) return { bad: 'correction: it corrects nothing' };
  const known = caseJson(incident) as Fields;
  const corrections: Record<string, unknown> = { ...(known['corrections'] as Fields) };
  const amended: Record<string, unknown> = { ...known, corrections };
  for (const [name, value] of Object.entries(given)) {
    const into = OF_CASE.has(name) ? amended : corrections;
    into[name] = merged(into[name], value, name);
  }
  return decodeCase(amended);
}

function merged(before: unknown, value: unknown, name: string): unknown {
  if (name === 'series' && Array.isArray(value)) return [...((before as unknown[] | undefined) ?? []), ...value];
  const key = MEMBERS[name];
  if (key === undefined || !Array.isArray(value)) return value;
  const keyOf = (part: unknown): unknown => (part as Fields | null)?.[key];
  const given = new Set(value.map(keyOf));
  const kept = ((before as unknown[] | undefined) ?? []).filter((part) => !given.has(keyOf(part)));
  return [...kept, ...value].sort((a, b) => Number(keyOf(a)) - Number(keyOf(b)));
}
