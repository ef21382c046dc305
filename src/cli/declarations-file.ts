// Declarations on disk: who is of the venue's own people, and which accounts are of one owner.
import type { Declarations } from '../remedy/claims.ts';
import { integer, listOf, objectOf } from '../remedy/document-form.ts';
import { CommandError } from './errors.ts';
import { readJsonFile } from './json-file.ts';

const DECLARATIONS = objectOf({ insiders: listOf(integer(1)), owners: listOf(listOf(integer(1))) });

/** The declarations in a file. Refuses (named) what is no JSON, and what is of another form, by the field. */
export function readDeclarations(file: string): Declarations {
  const value = readJsonFile(file);
  const wrong = DECLARATIONS(value, '');
  if (wrong !== undefined) throw new CommandError('not_declarations', `${file}: ${wrong}`);
  return value as Declarations;
}
