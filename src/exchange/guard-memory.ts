/**
 * What a guard and the trail of a reopening remember at the end of a block, as plain data: so that a start from a snapshot of the state
 * need not read the whole history for it. It is all that a replay of the history would lead to, the images too; what only the process
 * saw, and a restart forgets in any case, stays out.
 */

/** Fields that are not taken, by class: who is told, what a restart forgets, and what is empty or made anew behind a block's end. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  Guard: ['options', 'listening', 'screening', 'listened', 'heardFrom'],
  HoldRegister: ['repeated'],
  EventLog: ['values'],
  SealedImage: ['kept'],
  OrderImage: ['lists', 'batch'],
  InputImage: ['samples', 'early', 'readTo', 'isTicked'],
};
/** In place of an object of a class: its name, beside its fields. */
const CLASS = '@class';

type Fields = Record<string, unknown>;
type View = Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Memory of another kind of guard: another release wrote it. Nothing can be made of it. */
export class UnfitMemory extends Error {
  constructor(path: string, what: string) {
    super(`${path}: ${what}`);
    this.name = 'UnfitMemory';
  }
}

/** The memory of an object as plain data, of which nothing is shared with it: maps, sets, lists, numbers and buffers. */
export function memoryOf(object: object): unknown {
  return new Taking().take(object);
}

/**
 * Gives an object that was just made, of the same classes, a memory: fields that hold functions stay, all others become what was
 * remembered. What is plain data in `memory` is used, not copied. Refuses (throws `UnfitMemory`) other classes or fields; the object is then good for nothing.
 */
export function remember(object: object, memory: unknown): void {
  new Giving().give('memory', object, memory);
}

class Taking {
  private readonly taken = new Map<unknown, unknown>();

  take(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const before = this.taken.get(value);
    if (before !== undefined) return before;
    if (ArrayBuffer.isView(value)) return this.noted(value, viewOn(value, this.take(value.buffer) as ArrayBuffer));
    if (!isBuffer(value)) return this.takeContainer(value);
    return this.noted(value, new Uint8Array(value).slice().buffer);
  }

  private takeContainer(value: object): unknown {
    if (Array.isArray(value)) {
      const list: unknown[] = this.noted(value, []);
      // Lists by market begin with a hole.
      list.length = value.length;
      value.forEach((each, at) => {
        list[at] = this.take(each);
      });
      return list;
    }
    if (value instanceof Map) {
      const map: Map<unknown, unknown> = this.noted(value, new Map());
      for (const [key, each] of value) map.set(key, this.take(each));
      return map;
    }
    if (value instanceof Set) return this.noted(value, new Set(value));
    const fields: Fields = this.noted(value, {});
    const { name } = value.constructor;
    if (name !== 'Object') fields[CLASS] = name;
    for (const [key, each] of fieldsOf(value)) fields[key] = this.take(each);
    return fields;
  }

  private noted<T>(value: unknown, taken: T): T {
    this.taken.set(value, taken);
    return taken;
  }
}

class Giving {
  private readonly given = new Map<unknown, unknown>();

  /** What comes in the place of `target`: it itself, where it is an object of a class, else the remembered value. */
  give(path: string, target: unknown, memory: unknown): unknown {
    if (typeof memory !== 'object' || memory === null) return memory;
    const before = this.given.get(memory);
    if (before !== undefined) return before;
    if (ArrayBuffer.isView(memory) || isBuffer(memory) || memory instanceof Set) return memory;
    if (Array.isArray(memory)) {
      this.given.set(memory, memory);
      memory.forEach((each: unknown, at) => {
        memory[at] = this.give(`${path}/${at}`, (target as unknown[] | undefined)?.[at], each);
      });
      return memory;
    }
    if (memory instanceof Map) {
      this.given.set(memory, memory);
      for (const [key, each] of memory) memory.set(key, this.give(`${path}/${String(key)}`, undefined, each));
      return memory;
    }
    return this.giveFields(path, target, memory as Fields);
  }

  private giveFields(path: string, target: unknown, memory: Fields): object {
    const { [CLASS]: name, ...fields } = memory;
    const isOfClass = name !== undefined;
    const into = isOfClass || hasFunctions(target) ? (target as object | undefined) : fields;
    if (into === undefined || (isOfClass && into.constructor.name !== name)) {
      throw new UnfitMemory(path, `${String(name)} in the place of ${into?.constructor.name ?? 'nothing'}`);
    }
    this.given.set(memory, into);
    const known = target === undefined ? undefined : new Set(fieldsOf(into).map(([key]) => key));
    for (const [key, each] of Object.entries(fields)) {
      if (isOfClass && known?.delete(key) !== true) throw new UnfitMemory(`${path}/${key}`, 'no such field');
      const own = (target as Fields | undefined)?.[key];
      (into as Fields)[key] = this.give(`${path}/${key}`, own, each);
    }
    if (isOfClass && known !== undefined && known.size > 0)
      throw new UnfitMemory(path, `without ${[...known].join(', ')}`);
    return into;
  }
}

/** The fields of an object that are taken. */
function fieldsOf(value: object): [string, unknown][] {
  const out = LEFT_OUT[value.constructor.name] ?? [];
  return Object.entries(value).filter(([key, each]) => typeof each !== 'function' && !out.includes(key));
}

function hasFunctions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).some((each) => typeof each === 'function');
}

function isBuffer(value: object): value is ArrayBufferLike {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** A view of the same kind and place on another buffer. */
function viewOn(view: ArrayBufferView, buffer: ArrayBuffer): View {
  const { byteOffset: at, byteLength } = view;
  if (view instanceof Uint8Array) return new Uint8Array(buffer, at, byteLength);
  if (view instanceof Int32Array) return new Int32Array(buffer, at, byteLength / 4);
  if (view instanceof Float64Array) return new Float64Array(buffer, at, byteLength / 8);
  throw new UnfitMemory('memory', `a view of ${view.constructor.name}`);
}
