/** An exchange that is served from a folder, as a release upgrade needs it: stopped, and started again by this release or another. */

/** What an exchange that answers says of itself. */
export interface Standing {
  readonly process: number;
  /** The folder of the release that serves. */
  readonly program: string;
  /** The block that it began with, and its root. */
  readonly bornHeight: number;
  readonly bornRoot: string;
  readonly height: number;
  readonly stateRoot: string;
  /** Why no commands are taken; empty when they are. */
  readonly shut: string;
}

/** A release did not start: what it said last. */
export class ServeRefused extends Error {
  readonly code = 'serve_refused';
  constructor(program: string, said: string) {
    super(`${program} does not serve: ${said}`);
    this.name = 'ServeRefused';
  }
}

export interface ServedFolder {
  /** Undefined when nothing answers. */
  standing(): Promise<Standing | undefined>;
  /**
   * Starts a release with the options that the folder was served with last, in a process that outlives this one; resolves when it
   * answers. Refuses (throws `ServeRefused`) when it ends before, and where nobody knows how it was served.
   */
  start(program: string, isPaused: boolean): Promise<Standing>;
  /** Sealed and ended; nobody else begins meanwhile. Nothing when none runs. */
  stop(): Promise<void>;
  /** Goes on after a start that was paused. */
  resume(): Promise<void>;
  /** Keeps a snapshot of what is sealed now. */
  snapshot(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

export interface HandOver {
  readonly live: ServedFolder;
  /** The release that served last, undefined where nobody knows. */
  readonly served: string | undefined;
  /** A copy of the folder, without a database, with no traders: made anew. */
  copy(): ServedFolder;
  /** The folder of the copy's journal. */
  readonly copyJournal: string;
  /** Removes the copy. */
  dropCopy(): void;
}
