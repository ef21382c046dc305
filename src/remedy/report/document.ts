/**
 * The report as a document, before it is written in a format: sections of blocks. Markdown and HTML are two writings of one document, so
 * that they cannot say different things. Text is plain; a part between backticks is code.
 */

interface Column {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly isNumber: boolean;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

/** A number at the head of the report, and what it is. */
export interface Figure {
  readonly value: string;
  readonly unit: string;
  readonly label: string;
}

/** A point of a line: its time, and its value in the unit of the axis. */
export interface ChartPoint {
  readonly timeMs: number;
  readonly value: number;
}

/** The two worlds over time; a value holds until the next one. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  /** What is seen, for those who do not see it. */
  readonly description: string;
  readonly unit: string;
  readonly actual: readonly ChartPoint[];
  readonly other: readonly ChartPoint[];
  readonly names: { readonly actual: string; readonly other: string };
}

/** Markets by minutes: how much came out otherwise. */
export interface HeatChart {
  readonly kind: 'heat';
  readonly title: string;
  readonly description: string;
  readonly rows: readonly string[];
  readonly cells: readonly { readonly row: number; readonly minuteMs: number; readonly ppm: number }[];
  readonly horizonPpm: number;
}

export interface BarRow {
  readonly label: string;
  readonly note: string;
  /** In the unit of the bars; its length, below nothing to the left. */
  readonly value: number;
  readonly texts: readonly string[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'list'; readonly items: readonly string[]; readonly isNumbered: boolean }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [term: string, text: string])[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'formula'; readonly lines: readonly string[] }
  | { readonly kind: 'commands'; readonly commands: readonly (readonly [command: string, what: string])[] }
  | { readonly kind: 'timeline'; readonly entries: readonly TimelineItem[] }
  | { readonly kind: 'checks'; readonly checks: readonly { name: string; holds: boolean; detail: string }[] }
  | {
      readonly kind: 'bars';
      readonly caption: string;
      readonly columns: readonly [label: string, ...texts: string[]];
      readonly bars: readonly BarRow[];
    }
  | { readonly kind: 'charts'; readonly charts: readonly LineChart[]; readonly table: Table }
  | { readonly kind: 'heat'; readonly chart: HeatChart; readonly table: Table };

interface TimelineItem {
  readonly time: string;
  readonly place: string;
  readonly what: string;
}

export interface Section {
  /** For links within the document: small letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface ReportDocument {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
  /** The last line: what names this very report. */
  readonly colophon: string;
}

/** Text in parts: plain, and code between backticks. */
export function partsOf(text: string): { readonly text: string; readonly isCode: boolean }[] {
  return text.split('`').map((part, place) => ({ text: part, isCode: place % 2 === 1 }));
}
