/**
 * What a statement of a migration may not do, by its text: reach beyond the database that it runs in, where no copy keeps it from the
 * live one, or end the transaction that holds it together with its marker. It is a list of mistakes that people make, and no sandbox: whoever
 * means to deceive it can, with a role that may.
 */

const COMMENT = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const QUOTED = /\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/** Databases, roles and settings are those of the whole server; some functions open files, programs and other databases. */
const BEYOND: readonly RegExp[] = [
  /\b(?:alter|create|drop)\s+(?:database|role|user|group|tablespace|subscription)\b/i,
  /\balter\s+system\b/i,
  /\bcopy\b[^;]*\b(?:from|to)\s+program\b/i,
  /\bdblink\w*\s*\(/i,
  /\b(?:pg_terminate_backend|pg_cancel_backend|pg_reload_conf|lo_import|lo_export)\s*\(/i,
];

const TRANSACTION =
  /(?:^|;)\s*(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|prepare\s+transaction)\b/i;

/** Why a statement is refused; undefined where its text says nothing of the kind. */
export function reachOf(statement: string): string | undefined {
  const text = statement.replaceAll(COMMENT, ' ');
  for (const beyond of BEYOND) {
    const found = beyond.exec(text);
    if (found !== null) return `it reaches beyond its own database: ${found[0].replaceAll(/\s+/g, ' ')}`;
  }
  const bare = text.replaceAll(QUOTED, "''");
  const ends = TRANSACTION.exec(bare);
  if (ends !== null) return `it ends its transaction: ${ends[0].replace(/^;?\s*/, '')}`;
  return undefined;
}
