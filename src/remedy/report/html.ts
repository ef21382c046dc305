/** The report as one HTML page that needs nothing else: no script, no font, no image, no request. */
import { type Block, partsOf, type ReportDocument, type Section, type Table } from './document.ts';
import { escaped } from './escaped.ts';
import { STYLE } from './style.ts';
import { heatSvg, lineSvg, NARROW, shadeOf, WIDE } from './svg.ts';
import { shareText } from './text.ts';

/** Plain text as HTML; code stays code. */
function prose(text: string): string {
  return partsOf(text)
    .map((part) => (part.isCode ? codeHtml(part.text) : escaped(part.text)))
    .join('');
}

/** Code; a name of several words may be broken between them, anything else anywhere. */
function codeHtml(text: string): string {
  if (!text.includes('_')) return `<code>${escaped(text)}</code>`;
  return `<code class="name">${escaped(text).replaceAll('_', '_<wbr>')}</code>`;
}

function cellOf(text: string, isNumber: boolean, isFirst: boolean): string {
  const kind = isNumber ? ' class="number"' : '';
  return isFirst ? `<th scope="row"${kind}>${prose(text)}</th>` : `<td${kind}>${prose(text)}</td>`;
}

/** A table in a frame that scrolls by itself on a narrow page, and that a keyboard can reach. */
function framed(caption: string, table: string): string {
  return `<div class="frame" role="region" tabindex="0" aria-label="${escaped(caption)}">${table}</div>`;
}

function tableHtml({ caption, columns, rows }: Table): string {
  const head = columns.map(
    ({ name, isNumber }) => `<th scope="col"${isNumber ? ' class="number"' : ''}>${prose(name)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map((text, place) => cellOf(text, columns[place]?.isNumber ?? false, place === 0));
    return `<tr>${cells.join('')}</tr>`;
  });
  return framed(
    caption,
    `<table><caption>${prose(caption)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  );
}

function barsHtml({ caption, columns, bars }: Extract<Block, { kind: 'bars' }>): string {
  const low = bars.reduce((least, { value }) => Math.min(least, value), 0);
  const high = bars.reduce((most, { value }) => Math.max(most, value), 0);
  const range = high - low === 0 ? 1 : high - low;
  const at = (value: number): number => ((value - low) / range) * 100;
  const [label, ...others] = columns;
  const rows = bars.map(({ label: name, note, value, texts }) => {
    const [from, to] = value < 0 ? [at(value), at(0)] : [at(0), at(value)];
    const bar = `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${value < 0 ? 'below' : 'above'}" x="${from.toFixed(2)}" y="0" width="${Math.max(to - from, 0.4).toFixed(2)}" height="10"/></svg>`;
    const small = note === '' ? '' : `<small>${prose(note)}</small>`;
    const cells = texts.map((text) => `<td class="number">${prose(text)}</td>`);
    return `<tr><th scope="row">${prose(name)}${small}${bar}</th>${cells.join('')}</tr>`;
  });
  const head = others.map((name) => `<th scope="col" class="number">${prose(name)}</th>`).join('');
  return framed(
    caption,
    `<table class="bars"><caption>${prose(caption)}</caption><thead><tr><th scope="col">${prose(label)}</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

const LEGEND =
  '<p class="legend"><span><i class="key actual"></i>as it was</span><span><i class="key other"></i>as it would have been</span></p>';

const numbers = (table: Table): string => `<details><summary>The numbers</summary>${tableHtml(table)}</details>`;

function chartsHtml({ charts, table }: Extract<Block, { kind: 'charts' }>, id: string): string {
  const figures = charts.map((chart, place) => {
    const own = `${id}-${place}`;
    const narrow = lineSvg(chart, NARROW, `${own}n`);
    const drawn =
      charts.length > 1
        ? narrow
        : `<div class="on-wide">${lineSvg(chart, WIDE, `${own}w`)}</div><div class="on-narrow">${narrow}</div>`;
    return `<figure><figcaption>${prose(chart.title)}</figcaption>${drawn}</figure>`;
  });
  const kind = charts.length > 1 ? 'charts many' : 'charts';
  return `${LEGEND}<div class="${kind}">${figures.join('')}</div>${numbers(table)}`;
}

function heatHtml({ chart, table }: Extract<Block, { kind: 'heat' }>, id: string): string {
  const { horizonPpm } = chart;
  const bounds = [horizonPpm / 4, horizonPpm / 2, horizonPpm].map((bound) => Math.floor(bound));
  const keys = bounds.map(
    (bound) => `<span><i class="key shade-${shadeOf(bound, horizonPpm)}"></i>up to ${shareText(bound)}</span>`,
  );
  const beyond = `<span><i class="key shade-4"></i>beyond the horizon</span>`;
  const drawn = `<div class="on-wide">${heatSvg(chart, WIDE.width, `${id}w`)}</div><div class="on-narrow">${heatSvg(chart, NARROW.width, `${id}n`)}</div>`;
  return `<figure><figcaption>${prose(chart.title)}</figcaption><p class="legend">${keys.join('')}${beyond}</p>${drawn}</figure>${numbers(table)}`;
}

function listHtml({ items, isNumbered }: Extract<Block, { kind: 'list' }>): string {
  const tag = isNumbered ? 'ol' : 'ul';
  return `<${tag}>${items.map((item) => `<li>${prose(item)}</li>`).join('')}</${tag}>`;
}

function blockHtml(block: Block, id: string): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${prose(block.text)}</p>`;
    case 'note':
      return `<p class="note">${prose(block.text)}</p>`;
    case 'figures':
      return `<dl class="figures">${block.figures.map(({ value, unit, label }) => `<div><dt>${prose(label)}</dt><dd>${prose(value)} <small>${prose(unit)}</small></dd></div>`).join('')}</dl>`;
    case 'list':
      return listHtml(block);
    case 'facts':
      return `<dl class="facts">${block.facts.map(([term, text]) => `<div><dt>${prose(term)}</dt><dd>${prose(text)}</dd></div>`).join('')}</dl>`;
    case 'table':
      return tableHtml(block.table);
    case 'formula':
      return `<pre class="formula">${escaped(block.lines.join('\n'))}</pre>`;
    case 'commands':
      return `<dl class="commands">${block.commands.map(([command, what]) => `<div><dt>${prose(what)}</dt><dd><code>${escaped(command)}</code></dd></div>`).join('')}</dl>`;
    case 'timeline':
      return `<ol class="timeline">${block.entries.map(({ time, place, what }) => `<li><p class="when"><b>${prose(time)}</b> <span>${prose(place)}</span></p><p>${prose(what)}</p></li>`).join('')}</ol>`;
    case 'checks':
      return `<ul class="checks">${block.checks.map(({ name, holds, detail }) => `<li><b class="${holds ? 'pass' : 'fail'}">${holds ? 'PASS' : 'FAIL'}</b><span>${prose(name)}<small>${prose(detail)}</small></span></li>`).join('')}</ul>`;
    case 'bars':
      return barsHtml(block);
    case 'charts':
      return chartsHtml(block, id);
    case 'heat':
      return heatHtml(block, id);
  }
}

function sectionHtml({ id, title, blocks }: Section, place: number): string {
  const content = blocks.map((block, at) => blockHtml(block, `${id}-${at}`)).join('\n');
  return `<section aria-labelledby="${id}"><h2 id="${id}"><span class="place">${place + 1}</span>${prose(title)}</h2>\n${content}</section>`;
}

/** What the page may load: nothing. Its own style is inline. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The report as a page. */
export function htmlOf({ title, subtitle, sections, colophon }: ReportDocument): string {
  const links = sections.map(({ id, title: name }) => `<li><a href="#${id}">${prose(name)}</a></li>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<a class="skip" href="#summary">To the summary</a>
<nav class="beside" aria-label="Contents"><ol>${links}</ol></nav>
<main>
<header><h1>${prose(title)}</h1><p>${prose(subtitle)}</p></header>
<details class="contents"><summary>Contents</summary><ol>${links}</ol></details>
${sections.map(sectionHtml).join('\n')}
<footer><p>${prose(colophon)}</p></footer>
</main>
</body>
</html>
`;
}
