/** The enrolled keys by role. A key that was retired never comes back. */
import type { EnrolledKey, Role } from './act.ts';

/** So many keys of each role there must be: what needs two stays possible. */
export const LEAST_KEYS = 2;

export class Roster {
  private readonly roles = new Map<string, Role>();
  private readonly retired = new Set<string>();

  /** True before the first enrolment: then nothing asks for keys. */
  get isEmpty(): boolean {
    return this.roles.size === 0;
  }

  /** All enrolled keys, in the order in which they were enrolled. */
  get all(): readonly EnrolledKey[] {
    return Array.from(this.roles, ([key, role]) => ({ key, role }));
  }

  /** The role of a key, undefined when it is not enrolled (any more). */
  roleOf(key: string): Role | undefined {
    return this.roles.get(key);
  }

  count(role: Role): number {
    return this.all.filter((enrolled) => enrolled.role === role).length;
  }

  wasRetired(key: string): boolean {
    return this.retired.has(key);
  }

  enrol(keys: readonly EnrolledKey[]): void {
    for (const { key, role } of keys) this.roles.set(key, role);
  }

  retire(key: string): void {
    if (this.roles.delete(key)) this.retired.add(key);
  }
}
