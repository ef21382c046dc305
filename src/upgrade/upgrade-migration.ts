/**
 * A migration under test: its statements forwards and back, and what it declares to change. Whatever else differs behind it is a
 * finding. Expressions are SQL over the row of the other side: they say what a value must be, so that a default in its place shows.
 */
import { migrationHash, type Migration } from '../store/migration.ts';
import { reachOf } from './statement-reach.ts';

export interface DeclaredTable {
  /** New columns: what their value must be, over the control's row. */
  readonly added: Readonly<Record<string, string>>;
  /** Columns that are gone: how the candidate's row gives their value; null says that it is lost on purpose. */
  readonly removed: Readonly<Record<string, string | null>>;
  /** Columns whose values or types change: the candidate's over the control's row, and the control's over the candidate's. */
  readonly changed: Readonly<Record<string, { readonly value: string; readonly back: string }>>;
}

export interface Declared {
  readonly tables: Readonly<Record<string, DeclaredTable>>;
  /** New tables: a query on the control whose rows must be theirs; null: they begin empty. */
  readonly newTables: Readonly<Record<string, string | null>>;
  readonly droppedTables: readonly string[];
  /** Whatever else of the schema changes, by its name: `index trade_by_maker`, `constraint trade_pkey`. */
  readonly schema: readonly string[];
}

export interface UpgradeMigration extends Migration {
  readonly declared: Declared;
  /** Names of the release's own migrations that are in it: whoever goes on with the database is told. */
  readonly brings?: readonly string[];
}

export const NOTHING_DECLARED: Declared = { tables: {}, newTables: {}, droppedTables: [], schema: [] };
/** Of an upgrade of the program: nothing is done to the schema. */
export const NO_MIGRATION: UpgradeMigration = { name: '0000-none', up: [], down: [], declared: NOTHING_DECLARED };
export const NO_CHANGES: DeclaredTable = { added: {}, removed: {}, changed: {} };

/** A file that is no migration. Nothing was done. */
class BadMigration extends Error {
  readonly code = 'bad_migration';
  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
    this.name = 'BadMigration';
  }
}

/** Hash of all that the migration does and declares. */
export function upgradeMigrationHash({ name, up, down, declared }: UpgradeMigration): string {
  return migrationHash({ name, up: [...up, JSON.stringify(declared)], down });
}

const NAME = /^\d{4}-[a-z0-9-]{1,48}$/;

/** The migration that a parsed file holds. Refuses (throws `BadMigration`) one with a field that is missing, unknown or of another form. */
export function migrationOf(value: unknown, file: string): UpgradeMigration {
  const read = new Reader(file);
  const top = read.object(value, 'the file', ['name', 'up', 'down'], ['declared', 'brings']);
  const name = read.text(top['name'], 'name');
  if (!NAME.test(name)) throw new BadMigration(file, `name: ${JSON.stringify(name)} is not like 0100-what-it-does`);
  const up = read.texts(top['up'], 'up');
  if (up.length === 0) throw new BadMigration(file, 'up: it has no statement');
  const down = read.texts(top['down'], 'down');
  if (down.length === 0) throw new BadMigration(file, 'down: it has no statement, so there would be no way back');
  for (const [way, statements] of [
    ['up', up],
    ['down', down],
  ] as const) {
    for (const [n, statement] of statements.entries()) {
      const reach = reachOf(statement);
      if (reach !== undefined) throw new BadMigration(file, `${way}[${n}]: ${reach}`);
    }
  }
  const declared = top['declared'] === undefined ? NOTHING_DECLARED : declaredOf(read, top);
  const brings = top['brings'] === undefined ? {} : { brings: read.texts(top['brings'], 'brings') };
  return { name, up, down, declared, ...brings };
}

function declaredOf(read: Reader, top: Fields): Declared {
  const all = read.object(top['declared'], 'declared', [], ['tables', 'newTables', 'droppedTables', 'schema']);
  const tables = Object.entries(read.record(all['tables'], 'declared.tables')).map(([table, value]) => {
    const at = `declared.tables.${table}`;
    const fields = read.object(value, at, [], ['added', 'removed', 'changed']);
    const changed = Object.entries(read.record(fields['changed'], `${at}.changed`)).map(([column, change]) => {
      const where = `${at}.changed.${column}`;
      const { value: forwards, back } = read.object(change, where, ['value', 'back'], []);
      return [column, { value: read.text(forwards, where), back: read.text(back, where) }] as const;
    });
    const added = read.expressions(fields['added'], `${at}.added`, false) as Record<string, string>;
    const removed = read.expressions(fields['removed'], `${at}.removed`, true);
    return [table, { added, removed, changed: Object.fromEntries(changed) }] as const;
  });
  return {
    tables: Object.fromEntries(tables),
    newTables: read.expressions(all['newTables'], 'declared.newTables', true),
    droppedTables: read.texts(all['droppedTables'] ?? [], 'declared.droppedTables'),
    schema: read.texts(all['schema'] ?? [], 'declared.schema'),
  };
}

type Fields = Readonly<Record<string, unknown>>;

class Reader {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  object(value: unknown, at: string, needed: readonly string[], optional: readonly string[]): Fields {
    const fields = this.record(value, at);
    const missing = needed.find((name) => fields[name] === undefined);
    if (missing !== undefined) throw new BadMigration(this.file, `${at}: ${missing} is missing`);
    const unknown = Object.keys(fields).find((name) => !needed.includes(name) && !optional.includes(name));
    if (unknown !== undefined) throw new BadMigration(this.file, `${at}: ${unknown} is not known`);
    return fields;
  }

  record(value: unknown, at: string): Fields {
    if (value === undefined) return {};
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    throw new BadMigration(this.file, `${at}: it is no object`);
  }

  text(value: unknown, at: string): string {
    if (typeof value === 'string' && value !== '') return value;
    throw new BadMigration(this.file, `${at}: it is no text`);
  }

  texts(value: unknown, at: string): string[] {
    if (!Array.isArray(value)) throw new BadMigration(this.file, `${at}: it is no list`);
    return value.map((each, n) => this.text(each, `${at}[${n}]`));
  }

  expressions(value: unknown, at: string, mayBeNull: boolean): Record<string, string | null> {
    return Object.fromEntries(
      Object.entries(this.record(value, at)).map(([name, text]) => [
        name,
        text === null && mayBeNull ? null : this.text(text, `${at}.${name}`),
      ]),
    );
  }
}
