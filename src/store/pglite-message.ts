/** What goes to the thread of an embedded database and what comes back. */
export type PgliteRequest = { readonly id: number } & (
  | { readonly kind: 'query'; readonly text: string; readonly parameters: unknown[] }
  | { readonly kind: 'copy'; readonly text: string; readonly lines: readonly Uint8Array[] }
  | { readonly kind: 'close' }
);

/** Answer number 0 says that the database is open. */
export type PgliteAnswer =
  | { readonly id: number; readonly rows: object[] }
  | { readonly id: number; readonly failed: string; readonly code: string };
