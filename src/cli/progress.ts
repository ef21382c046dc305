// The progress bar: on stderr, for a person at a terminal. Piped, or with --json, it says nothing.
import { SingleBar } from 'cli-progress';
import type { Output } from './output.ts';

export interface Progress {
  /** Moves the bar to `done` of the total; `note` is shown at its end. Safe to call often: the drawing is throttled. */
  update(done: number, note: string): void;
  /** Leaves the bar as it stands and gives the terminal back. Safe to call twice. */
  stop(): void;
}

const silent: Progress = { update: () => undefined, stop: () => undefined };

/** Starts a bar from 0 to `total` with `label` before it. */
export function startProgress(output: Output, label: string, total: number): Progress {
  if (output.json || output.stderr.isTTY !== true) return silent;
  const bar = new SingleBar({
    stream: output.stderr,
    format: `${label} {bar} {percentage}%  {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    fps: 10,
    hideCursor: true,
    // A day is traded in one long synchronous stretch in which no timer fires: the update itself must draw.
    synchronousUpdate: true,
  });
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note) => bar.update(done, { note }),
    stop: () => bar.stop(),
  };
}
