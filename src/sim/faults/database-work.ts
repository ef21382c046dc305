/** What a fault does to a database, as the product is given it: a migration, a copy that lacks rows, a state that is loaded. */
import { copyState } from '../../chain/copy-state.ts';
import type { State } from '../../engine/state.ts';
import type { SqlSession } from '../../store/database.ts';
import { UnreadableState } from '../../store/load-state.ts';
import { sayEpoch } from '../../upgrade/chunks.ts';
import { withDatabase } from '../../upgrade/upgrade-context.ts';
import { NOTHING_DECLARED, type UpgradeMigration } from '../../upgrade/upgrade-migration.ts';
import type { World } from '../../upgrade/world.ts';
import type { DatabaseScene, DatabaseWork } from './database-fault.ts';
import type { DatabasePlace } from './database-place.ts';
import { MARKET_ROW, OTHER_ROW } from './scenes.ts';
import type { TrueRun } from './true-run.ts';

const NAME = '0999-of-the-matrix';

/** The migration that a fault's work is. */
export function migrationOf({ up, down = ['select 1'], declared = NOTHING_DECLARED }: DatabaseWork): UpgradeMigration {
  return { name: NAME, up, down, declared };
}

/** What is upgraded where the backup is what goes wrong. */
export const HARMLESS: UpgradeMigration = {
  name: NAME,
  up: ['create index trade_by_maker on trade (maker_account)'],
  down: ['drop index trade_by_maker'],
  declared: { ...NOTHING_DECLARED, schema: ['index trade_by_maker'] },
};

/** A world whose copies of the live database are not what they should be. */
export function withBadBackup(world: World, statements: readonly string[]): World {
  return {
    engine: world.engine,
    name: world.name,
    openLive: () => world.openLive(),
    open: (role) => world.open(role),
    has: (role) => world.has(role),
    drop: (role) => world.drop(role),
    swap: (from, aside) => world.swap(from, aside),
    copy: async (from, to) => {
      await world.copy(from, to);
      if (from !== 'live') return;
      await withDatabase(world.open(to), (database) =>
        database.transaction(async (session) => {
          await sayEpoch(session);
          for (const statement of statements) await session.query(statement);
        }),
      );
    },
  };
}

/** A state that was loaded from a session, or why it cannot be loaded at all. */
export async function loaded(
  session: SqlSession,
  load: (session: SqlSession) => Promise<State>,
): Promise<State | string> {
  try {
    // Its index is made from its rows.
    return copyState(await load(session));
  } catch (error) {
    if (!(error instanceof UnreadableState)) throw error;
    return error.message;
  }
}

/** What a fault of a database sees. */
export function sceneOf(
  { base, phase, accountsOf }: TrueRun,
  place: DatabasePlace,
  random: DatabaseScene['random'],
): DatabaseScene {
  const { state, earlier } = place;
  return {
    regime: base.regime,
    phase,
    state,
    earlier,
    get branch() {
      return place.branch();
    },
    market: MARKET_ROW,
    otherMarket: OTHER_ROW,
    accounts: accountsOf(MARKET_ROW),
    random,
  };
}
