/** What a verification says of each statement that a receipt makes. */

/** A statement of the receipt, and whether it holds. */
export interface Finding {
  readonly statement: string;
  readonly holds: boolean;
  /** The numbers, where it does not hold. */
  readonly detail: string;
}

/** Notes a statement, whether it holds, and the numbers. */
export type Note = (statement: string, holds: boolean, detail: string) => void;
