// A file of JSON that someone names.
import { readFileSync } from 'node:fs';
import { CommandError } from './errors.ts';

/** What the JSON in a file says. Refuses (`not_json`) what is none; a file that cannot be read is refused by the system's own error. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError('not_json', `${file}: ${error.message}`);
    throw error;
  }
}
