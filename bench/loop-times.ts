/** Where the time of the exchange's loop goes: a stopwatch around what it asks of its journal and of its roots. */

/** Milliseconds by what they were spent on. */
export interface LoopTimes {
  append: number;
  sync: number;
  roots: number;
  syncs: number;
}

export function newLoopTimes(): LoopTimes {
  return { append: 0, sync: 0, roots: 0, syncs: 0 };
}

type Timed = 'append' | 'sync' | 'roots';

/** Calls of a journal, by what their time counts as. */
export const JOURNAL_CALLS: Readonly<Record<string, Timed>> = {
  append: 'append',
  appendBlock: 'append',
  sync: 'sync',
  beginSync: 'sync',
  awaitSync: 'sync',
};
/** Calls of a computer of roots. */
export const ROOT_CALLS: Readonly<Record<string, Timed>> = {
  prepare: 'roots',
  request: 'roots',
  poll: 'roots',
  wait: 'roots',
};

/** The same object, with the time of the named calls added up in `times`. */
export function timeCalls<T extends object>(target: T, calls: Readonly<Record<string, Timed>>, times: LoopTimes): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      const what = calls[String(key)];
      if (what === undefined) return value.bind(object);
      return (...args: unknown[]): unknown => {
        const startedMs = performance.now();
        const result: unknown = Reflect.apply(value, object, args);
        times[what] += performance.now() - startedMs;
        if (key === 'sync' || key === 'beginSync') times.syncs++;
        return result;
      };
    },
  });
}
