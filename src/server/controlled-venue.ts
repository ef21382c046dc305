/** A running exchange as a guarded upgrade needs it: asked by its control socket. */
import type { Venue } from '../upgrade/venue.ts';
import { askControl, ExchangeNotRunning } from './control-client.ts';
import type { ControlRequest } from './control-socket.ts';

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
    releaseDatabase: () => ask({ ask: 'release_database' }),
    reopenDatabase: () => ask({ ask: 'reopen_database' }),
    pause: () => ask({ ask: 'pause', database: 'close' }),
    resume: (migrations = []) => ask({ ask: 'resume', migrations }),
  };
}
