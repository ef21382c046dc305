// Declarations on disk: who is of the venue's own people, which accounts are of one owner, and which are those of who approves payouts.
import type { OwnAccounts } from '../remedy/approval.ts';
import type { Declarations } from '../remedy/claims.ts';
import { hex32, integer, listOf, objectOf } from '../remedy/document-form.ts';
import { CommandError } from './errors.ts';
import { readJsonFile } from './json-file.ts';

const DECLARATIONS = objectOf(
  { insiders: listOf(integer(1)), owners: listOf(listOf(integer(1))) },
  { approvers: listOf(objectOf({ key: hex32, accounts: listOf(integer(1)) })) },
);

interface DeclarationsOnDisk extends Declarations {
  readonly approvers?: readonly { readonly key: string; readonly accounts: readonly number[] }[];
}

/** The declarations in a file. Refuses (named) what is no JSON, and what is of another form, by the field. */
export function readDeclarations(file: string): DeclarationsOnDisk {
  const value = readJsonFile(file);
  const wrong = DECLARATIONS(value, '');
  if (wrong !== undefined) throw new CommandError('not_declarations', `${file}: ${wrong}`);
  return value as DeclarationsOnDisk;
}

/** The accounts that approvers declared as their own in a file, with all accounts of the same owner. */
export function readOwnAccounts(file: string): OwnAccounts {
  const { approvers = [], owners } = readDeclarations(file);
  const own = new Map<string, number[]>();
  for (const { key, accounts } of approvers) {
    const alike = owners.filter((group) => group.some((account) => accounts.includes(account))).flat();
    own.set(key, [...new Set([...(own.get(key) ?? []), ...accounts, ...alike])]);
  }
  return own;
}
