// A thread that plays extremes: told places of the corpus one by one, it answers with what came of each.
import { parentPort } from 'node:worker_threads';
import { EXTREMES } from './corpus.ts';
import type { Extreme, Stage } from './extreme.ts';
import { playExtreme } from './lockstep.ts';
import type { PlayerAnswer, PlayerTask } from './players.ts';

const port = parentPort;
if (port === null) throw new Error('a player is a thread of another program');

port.on('message', ({ place, stage }: PlayerTask) => {
  const answer = (value: PlayerAnswer): void => port.postMessage(value);
  try {
    answer({ kind: 'played', place, played: play(place, stage, answer) });
  } catch (error) {
    answer({ kind: 'failed', place, error });
  }
});

function play(place: number, stage: Stage, answer: (value: PlayerAnswer) => void): ReturnType<typeof playExtreme> {
  let told = 0;
  return playExtreme(EXTREMES[place] as Extreme, stage, (share) => {
    if (share - told < 0.01) return;
    told = share;
    answer({ kind: 'going', place, share });
  });
}
