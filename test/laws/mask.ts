// Blanks out what is not code, so that a law about code is not set off by a comment or a message. Lines stay in place.

/** The same text twice: without comments, and also without the contents of strings and regular expressions. */
export interface Masked {
  readonly withoutComments: string;
  readonly code: string;
}

const tokens =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*")|(?<mark>[`{}/])|(?<word>[\w$]+)|(?<other>[^\s\w$])/gy;

/** A slash after one of these words starts a regular expression; after any other word it divides. */
const wordsBeforeExpression = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'else',
  'yield',
]);

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
/** Quotes stay, so that a call with a text still has an argument. */
const blankContent = (text: string): string => text.replace(/[^\n'"`]/g, ' ');

/** Returns the index after the template's text that starts at `start`: after its closing backquote, or after `${`. */
function endOfTemplateText(text: string, start: number): { end: number; opens: boolean } {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return { end: at + 1, opens: false };
    else if (text[at] === '$' && text[at + 1] === '{') return { end: at + 2, opens: true };
  }
  return { end: text.length, opens: false };
}

const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** Returns `text` without comments, and without the contents of strings, templates' text and regular expressions. */
export function mask(text: string): Masked {
  let withoutComments = '';
  let code = '';
  let at = 0;
  let before = '';
  // One entry for each brace that is open; true for one that a template's ${ opened.
  const braces: boolean[] = [];

  const take = (end: number, isComment: boolean, isContent: boolean): void => {
    const piece = text.slice(at, end);
    withoutComments += isComment ? blank(piece) : piece;
    code += isComment ? blank(piece) : isContent ? blankContent(piece) : piece;
    at = end;
  };
  const takeTemplateText = (start: number): void => {
    const { end, opens } = endOfTemplateText(text, start);
    take(end, false, true);
    if (opens) braces.push(true);
    before = opens ? '{' : '`';
  };

  while (at < text.length) {
    tokens.lastIndex = at;
    const match = tokens.exec(text);
    if (match === null) {
      take(at + 1, false, false);
      continue;
    }
    const token = match[0];
    const { comment, text: quoted, word } = match.groups ?? {};
    if (comment !== undefined) take(at + token.length, true, false);
    else if (quoted !== undefined) {
      take(at + token.length, false, true);
      before = "'";
    } else if (token === '`') takeTemplateText(at + 1);
    else if (token === '}' && braces.pop() === true) takeTemplateText(at + 1);
    else if (token === '/' && startsExpression(before)) {
      regularExpression.lastIndex = at;
      take(at + (regularExpression.exec(text)?.[0].length ?? 1), false, true);
      before = '/';
    } else {
      if (token === '{') braces.push(false);
      take(at + token.length, false, false);
      before = word ?? token;
    }
  }
  return { withoutComments, code };
}

function startsExpression(before: string): boolean {
  if (/^[\w$]/.test(before)) return wordsBeforeExpression.has(before);
  return !["'", '`', '/', ')', ']', '}'].includes(before);
}

const cache = new Map<string, Masked>();

/** `mask`, remembered: several laws look at the same file. */
export function masked(text: string): Masked {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const made = mask(text);
  cache.set(text, made);
  return made;
}
