/** A process that carries out acts for as long as it lives: after each that was accepted it prints its nonce. */
import { writeSync } from 'node:fs';
import { DirectRoots } from '../chain/roots.ts';
import { STATUS } from '../engine/status.ts';
import { actOf, ANN, BEN, enrolment, signed } from '../guard/authority/act.fixture.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange } from './exchange.ts';
import { recover } from './recover.ts';

const { journal } = openFileJournal(process.argv[2] as string, { segmentBytes: 1 << 14 });
const guard = new Guard();
const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
const exchange = new Exchange({ state, journal, sealer, blockCommands: 3, blockMs: 60_000, guard });

function carryOut(act: SignedAct): void {
  const result = exchange.act(act, exchange.timeMs + 10);
  if (!result.accepted) throw new Error(`${result.refusal} ${result.about}`);
  writeSync(1, `${act.act.nonce}\n`);
}

/** Different in each life of this process. */
const nonce = (n: number): string => process.pid.toString(16).padStart(16, '0') + n.toString(16).padStart(16, '0');

if (guard.authority.roster.isEmpty) carryOut(enrolment({ nonce: nonce(0) }));
for (let n = 1; ; n++) {
  const status = n % 2 === 0 ? STATUS.OK : STATUS.CANCEL_ONLY;
  const command = { kind: 'setStatus', market: 0, status, paused: 0 } as const;
  carryOut(
    signed(
      actOf({ kind: 'commands', commands: [command] }, { venue: guard.authority.venue, nonce: nonce(n) }),
      ANN,
      BEN,
    ),
  );
}
