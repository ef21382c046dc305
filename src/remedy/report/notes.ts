/** What of a report no computation knows: people write it, and the report says so where they have not. */
import { type Form, listOf, objectOf, oneOf, text } from '../document-form.ts';

export const NOTES_FORMAT = 'makewhole-report-notes/1';

/** What is done so that it does not happen again. */
interface CorrectiveAction {
  readonly what: string;
  readonly owner: string;
  /** By when, a day. */
  readonly due: string;
  /** Name of the test or of the case of the fault matrix that would find it from now on. */
  readonly test: string;
}

export interface ReportNotes {
  readonly format: typeof NOTES_FORMAT;
  /** Paragraphs: what went wrong, with the code and the change; how it was found, and why not earlier; why this remedy. */
  readonly rootCause: readonly string[];
  readonly detection: readonly string[];
  readonly decision: readonly string[];
  readonly actions: readonly CorrectiveAction[];
}

/** The form of notes in a file. */
export const NOTES: Form = objectOf({
  format: oneOf([NOTES_FORMAT]),
  rootCause: listOf(text),
  detection: listOf(text),
  decision: listOf(text),
  actions: listOf(objectOf({ what: text, owner: text, due: text, test: text })),
});
