/** What differs between the live world (control) and the one that wants to become live (candidate): named, counted. */

export interface UpgradeFinding {
  /** `table/row/column`. */
  readonly path: string;
  readonly control: string;
  readonly candidate: string;
}

/** The first findings, and how many there were. */
export class Findings {
  /** How many are kept. */
  static readonly LIMIT = 20;
  readonly kept: UpgradeFinding[] = [];
  count = 0;

  add(path: string, control: string, candidate: string): void {
    this.count++;
    if (this.kept.length < Findings.LIMIT) this.kept.push({ path, control, candidate });
  }

  addAll(other: Findings): void {
    this.count += other.count;
    this.kept.push(...other.kept.slice(0, Findings.LIMIT - this.kept.length));
  }
}

/** `table/row/column: control a, candidate b`. */
export function describeFinding({ path, control, candidate }: UpgradeFinding): string {
  return `${path}: control ${control}, candidate ${candidate}`;
}
