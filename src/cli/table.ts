// Tables of text, aligned in columns.

/** Which side a column's cells lean on: words left, numbers right. */
export type Alignment = 'left' | 'right';

/**
 * Returns the rows as lines of text with columns two spaces apart, the first row being the heading. A column leans as
 * `alignments` says, left where it says nothing. No line ends in spaces. Refuses rows of different lengths.
 */
export function textTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[] = []): string {
  const columnCount = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columnCount }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) => {
      if (row.length !== columnCount)
        throw new Error(`a table row has ${row.length} cells, the heading ${columnCount}`);
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return alignments[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      });
      return cells.join('  ').trimEnd();
    })
    .join('\n');
}
