/** Text as it stands in HTML and SVG, in content and in attributes. */

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The text with everything escaped that could be read as markup. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => NAMES[mark] as string);
}
