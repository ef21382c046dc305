// One line of comma-separated values.
import { FeedError, type Location } from './feed-error.ts';

/**
 * Returns the fields of a line. A field in double quotes may hold commas, and "" for a quote; a quoted line break is not
 * supported. Throws FeedError `bad_row` for a quote that does not close or stands inside a bare field, and, when
 * `columns` is given, for any other number of fields.
 */
export function splitFields(text: string, at: Location, columns?: number): string[] {
  const fields = text.includes('"') ? splitQuoted(text, at) : text.split(',');
  if (columns !== undefined && fields.length !== columns) {
    const found = text === '' ? 'the line is empty' : `${fields.length} found`;
    throw new FeedError('bad_row', at, `${columns} columns expected, ${found}`);
  }
  return fields;
}

const quotedField = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

function splitQuoted(text: string, at: Location): string[] {
  const fields: string[] = [];
  quotedField.lastIndex = 0;
  for (;;) {
    const match = quotedField.exec(text);
    if (match === null)
      throw new FeedError('bad_row', at, `field ${fields.length + 1} has a quote that does not close`);
    const [, quoted, bare = '', separator] = match;
    fields.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (separator === '') return fields;
  }
}
