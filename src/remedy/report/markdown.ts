/** The report as Markdown: what a terminal, a repository or a forum can show. A chart is the table of its numbers. */
import { type Block, partsOf, type ReportDocument, type Section, type Table } from './document.ts';

/** Plain text as Markdown: what the format would read as a mark is escaped, code stays code. */
function prose(text: string): string {
  return partsOf(text)
    .map((part) => (part.isCode ? `\`${part.text}\`` : part.text.replace(/[\\*_[\]<>#|~]/g, (mark) => `\\${mark}`)))
    .join('');
}

/** The same within a cell of a table, which is one line. */
const cell = (text: string): string => prose(text).replaceAll('\n', ' ');

function tableText({ caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = line(columns.map(({ name }) => cell(name)));
  const rule = line(columns.map(({ isNumber }) => (isNumber ? '---:' : '---')));
  return [`**${prose(caption)}**`, '', head, rule, ...rows.map((row) => line(row.map(cell)))].join('\n');
}

/** Two columns without a head of their own. */
function factsText(facts: readonly (readonly [string, string])[]): string {
  return ['| | |', '|---|---|', ...facts.map(([term, text]) => `| ${cell(term)} | ${cell(text)} |`)].join('\n');
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return prose(block.text);
    case 'note':
      return `> ${prose(block.text)}`;
    case 'figures':
      return factsText(block.figures.map(({ value, unit, label }) => [label, `${value} ${unit}`]));
    case 'list':
      return block.items.map((item, place) => `${block.isNumbered ? `${place + 1}.` : '-'} ${prose(item)}`).join('\n');
    case 'facts':
      return factsText(block.facts);
    case 'table':
      return tableText(block.table);
    case 'formula':
      return ['```text', ...block.lines, '```'].join('\n');
    case 'commands':
      return ['```sh', ...block.commands.flatMap(([command, what]) => [`# ${what}`, command]), '```'].join('\n');
    case 'timeline':
      return tableText({
        caption: 'What happened when',
        columns: ['Time (UTC)', 'Where', 'What'].map((name) => ({ name, isNumber: false })),
        rows: block.entries.map(({ time, place, what }) => [time, place, what]),
      });
    case 'checks':
      return block.checks
        .map((check) => `- ${check.holds ? 'PASS' : '**FAIL**'} ${prose(`${check.name}: ${check.detail}`)}`)
        .join('\n');
    case 'bars': {
      const [label, ...others] = block.columns;
      return tableText({
        caption: block.caption,
        columns: [{ name: label, isNumber: false }, ...others.map((name) => ({ name, isNumber: true }))],
        rows: block.bars.map((bar) => [bar.note === '' ? bar.label : `${bar.label}: ${bar.note}`, ...bar.texts]),
      });
    }
    case 'charts':
      return [...block.charts.map(({ description }) => prose(description)), tableText(block.table)].join('\n\n');
    case 'heat':
      return `${prose(block.chart.description)}\n\n${tableText(block.table)}`;
  }
}

function sectionText({ title, blocks }: Section, place: number): string {
  return [`## ${place + 1}. ${prose(title)}`, ...blocks.map(blockText)].join('\n\n');
}

/** The report in Markdown (GitHub's flavour, for its tables). */
export function markdownOf({ title, subtitle, sections, colophon }: ReportDocument): string {
  return `${[`# ${prose(title)}`, prose(subtitle), ...sections.map(sectionText), '---', prose(colophon)].join('\n\n')}\n`;
}
