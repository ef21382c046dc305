// `makewhole extremes`: what markets really do at their wildest, with the guard and without.
import type { Command } from 'commander';
import { EXTREMES } from '../sim/extremes/corpus.ts';
import { playAll } from '../sim/extremes/players.ts';
import { type ExtremesResult, summarise } from '../sim/extremes/summary.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, exitCodes } from './errors.ts';
import { extremesText } from './extremes-text.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';

interface ExtremesOptions {
  readonly data?: string;
  readonly case?: number;
  readonly seed: number;
  readonly threads: number;
}

/** Adds the command `extremes`. */
export function registerExtremes(program: Command, frame: Frame): void {
  addCommand(program, 'extremes', {
    summary: 'play the 25 legal extremes with the guard and without',
    description:
      'Plays 25 extremes that are legal (crashes, depegs, squeezes, listings, halts, whales) in two worlds at once, one guarded and\n' +
      'one not, on the same orders, and says what the guard held or delayed. From recorded data where --data has the day,\n' +
      'modelled from the public levels otherwise; each row says which. Ends with 1 when a bound is missed: no veto of class I,\n' +
      'class II only where a source disagrees, at most 5 s of added delay at p99, at most 1 % more insurance loss.',
    examples: [
      ['extremes', 'all 25, modelled'],
      ['extremes --data PATH', 'recorded crashes where the folder holds them'],
      ['extremes --case 7 --json', 'one of them, as one JSON object'],
    ],
  })
    .option('--data <path>', 'folder of recorded price bars (`makewhole data` lists the formats)')
    .option('--case <n>', 'play only this one, 1 to 25', wholeNumber(1, 25))
    .option('--seed <n>', 'decides what the traders do', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--threads <n>', 'play so many at a time', wholeNumber(1, 16), 2)
    .action(
      action<ExtremesOptions>(frame, async (output, options) => {
        const startMs = performance.now();
        const result = await extremes(output, options);
        const seconds = (performance.now() - startMs) / 1000;
        output.say(extremesText(result, seconds));
        output.result({ ...result, seconds: Number(seconds.toFixed(1)) });
        return result.missed.length + result.misses.length === 0 ? exitCodes.ok : exitCodes.finding;
      }),
    );
}

/** Number of the case that takes longest: it is begun first, so that the threads end together. */
const LONGEST = [7, 12, 1];

async function extremes(
  output: Output,
  { data, case: number, seed, threads }: ExtremesOptions,
): Promise<ExtremesResult> {
  const places = [...EXTREMES.keys()].filter((place) => number === undefined || EXTREMES[place]?.number === number);
  if (places.length === 0) throw new CommandError('case_unknown', `there is no case ${number}`);
  const late = (place: number): number => {
    const at = LONGEST.indexOf(EXTREMES[place]?.number ?? 0);
    return at === -1 ? LONGEST.length : at;
  };
  places.sort((left, right) => late(left) - late(right) || left - right);
  const progress = startProgress(output, 'extremes', places.length);
  try {
    const played = await playAll({
      places,
      stage: { data, seed },
      threads,
      onProgress: (done) => progress.update(done, `${Math.floor(done)} of ${places.length}`),
    });
    return summarise(played);
  } finally {
    progress.stop();
  }
}
