/**
 * The form of a document that comes from outside: which members it has, no more and no less, and of what kind each is. What is
 * verified must be exactly what is written: a member that nobody knows is refused, and so is one that is absent.
 */

/** Says what is wrong with a value, and where; undefined when it has the form. */
export type Form = (value: unknown, path: string) => string | undefined;

const at = (path: string, member: string): string => (path === '' ? member : `${path}.${member}`);
const short = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? String(value);

/** A value for which `holds`; `what` completes "is no …". */
export function valueOf(what: string, holds: (value: unknown) => boolean): Form {
  return (value, path) => (holds(value) ? undefined : `${path} is no ${what}: ${short(value)}`);
}

const matching = (what: string, pattern: RegExp): Form =>
  valueOf(what, (value) => typeof value === 'string' && pattern.test(value));

/** -0 is none: JSON has two texts for it, and a hash would have to choose. */
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value) && !Object.is(value, -0);

/** 32 bytes as lower-case hexadecimal digits. */
export const hex32: Form = matching('32 bytes in hexadecimal digits', /^[0-9a-f]{64}$/);
/** A whole number in decimal digits, as `String` writes it. */
export const whole: Form = matching('whole number in decimal digits', /^(?:0|-?[1-9][0-9]{0,60})$/);
/** The same, at least 0. */
export const natural: Form = matching('whole number, 0 or more, in decimal digits', /^(?:0|[1-9][0-9]{0,60})$/);
export const text: Form = valueOf('text', (value) => typeof value === 'string' && value.isWellFormed());
export const flag: Form = valueOf('yes or no', (value) => typeof value === 'boolean');
/** A JSON number that is whole, exact, at least `least` and at most `most`. */
export const integer = (least: number, most = Number.MAX_SAFE_INTEGER): Form => {
  const what = `whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`;
  return valueOf(what, (value) => isInteger(value) && (value as number) >= least && (value as number) <= most);
};
export const oneOf = (names: readonly (string | number)[]): Form =>
  valueOf(`one of ${names.join(', ')}`, (value) => names.includes(value as string));
/** The form, or null where there is nothing to say. */
export const orNull =
  (form: Form): Form =>
  (value, path) =>
    value === null ? undefined : form(value, path);

/** Anything that canonical JSON can say: whole numbers, well-formed text. */
export const anything: Form = valueOf('canonical value', isCanonical);

function isCanonical(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object') return isInteger(value);
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isCanonical(member));
}

/** A list of such values. */
export function listOf(form: Form, most = Number.POSITIVE_INFINITY): Form {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is no list: ${short(value)}`;
    if (value.length > most) return `${path} has ${value.length} members, at most ${most}`;
    for (let place = 0; place < value.length; place++) {
      const wrong = form(value[place], `${path}[${place}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

/** An object with these members, some of `optional`, and no other. */
export function objectOf(members: Readonly<Record<string, Form>>, optional: Readonly<Record<string, Form>> = {}): Form {
  const names = Object.keys(members);
  return (value, path) => {
    const name = path === '' ? 'the document' : path;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${name} is no object: ${short(value)}`;
    const found = value as Readonly<Record<string, unknown>>;
    const missing = names.find((member) => !Object.hasOwn(found, member));
    if (missing !== undefined) return `${at(path, missing)} is missing`;
    const isKnown = (member: string): boolean => Object.hasOwn(members, member) || Object.hasOwn(optional, member);
    const unknown = Object.keys(found).find((member) => !isKnown(member));
    if (unknown !== undefined) return `${at(path, unknown)} is not known`;
    for (const member of names) {
      const wrong = (members[member] as Form)(found[member], at(path, member));
      if (wrong !== undefined) return wrong;
    }
    for (const [member, form] of Object.entries(optional)) {
      const wrong = Object.hasOwn(found, member) ? form(found[member], at(path, member)) : undefined;
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}
