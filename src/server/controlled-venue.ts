/** A running exchange as a guarded upgrade needs it: asked by its control socket. */
import type { UpgradeFinding } from '../upgrade/finding.ts';
import type { Venue } from '../upgrade/venue.ts';
import { askControl, ExchangeNotRunning } from './control-client.ts';
import type { ControlRequest } from './control-socket.ts';
import type { PriceMove } from './price-moves.ts';

/** True when an exchange answers at a control socket. */
export async function isExchangeRunning(socket: string): Promise<boolean> {
  try {
    await askControl(socket, { ask: 'status' });
    return true;
  } catch (error) {
    if (error instanceof ExchangeNotRunning) return false;
    throw error;
  }
}

/** A market whose mark moved further within the window is not calm, ppm. */
const CALM_MOVE_PPM = 20_000;

/** What is not calm: components in quarantine, marks that moved far. */
async function unrestOf(socket: string): Promise<UpgradeFinding[]> {
  let status: Record<string, unknown>;
  try {
    status = await askControl(socket, { ask: 'status' });
  } catch (error) {
    if (error instanceof ExchangeNotRunning) return [];
    throw error;
  }
  const { quarantine, moves } = status as {
    readonly quarantine: readonly string[];
    readonly moves: { readonly windowMs: number; readonly markets: readonly PriceMove[] };
  };
  const control = `at most ${CALM_MOVE_PPM} ppm in ${moves.windowMs / 1000} s`;
  return [
    ...quarantine.map((candidate) => ({ path: 'venue/quarantine/component', control: 'none', candidate })),
    ...moves.markets
      .filter(({ movePpm }) => movePpm > CALM_MOVE_PPM)
      .map(({ market, movePpm }) => ({ path: `market/${market}/mark_move`, control, candidate: `${movePpm} ppm` })),
  ];
}

/**
 * The exchange that listens at `socket`. One that dies meanwhile trades no more and has nothing open: the procedure goes on, and whoever
 * starts it again finds what the procedure left.
 */
export function controlledVenue(socket: string): Venue {
  const ask = async (request: ControlRequest): Promise<void> => {
    try {
      await askControl(socket, request);
    } catch (error) {
      if (!(error instanceof ExchangeNotRunning)) throw error;
    }
  };
  return {
    isRunning: true,
    unrest: () => unrestOf(socket),
    releaseDatabase: () => ask({ ask: 'release_database' }),
    reopenDatabase: () => ask({ ask: 'reopen_database' }),
    pause: () => ask({ ask: 'pause', database: 'close' }),
    resume: (migrations = []) => ask({ ask: 'resume', migrations }),
  };
}
