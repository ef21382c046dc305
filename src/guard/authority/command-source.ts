/** Where submitted commands come from: with a roster, an administrator's commands are taken from an act alone. */
export type CommandSource =
  | { readonly kind: 'outside' }
  /** The guard itself: it may stop, and raise what it stopped up to what acts decided. */
  | { readonly kind: 'guard' }
  /** An act that was judged; `announcedMs` is when an act before it announced it, undefined when none did. */
  | { readonly kind: 'act'; readonly hash: string; readonly announcedMs: number | undefined };

export const OUTSIDE: CommandSource = { kind: 'outside' };
