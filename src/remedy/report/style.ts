/** The style of the page: two colour schemes, one column on a phone, contents beside the text where there is room. */

const COLOURS = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa;
  --raised: #ffffff;
  --text: #1d2024;
  --quiet: #5a616b;
  --line: #dcdfe3;
  --faint: #eef0f2;
  --link: #1a5a9e;
  --actual: #c03d0a;
  --other: #1a5fa8;
  --pass: #17703f;
  --fail: #b3261e;
  --shade-1: #c7dcf1;
  --shade-2: #7fb0e0;
  --shade-3: #2f74b8;
  --shade-4: #c03d0a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131519;
    --raised: #1a1d22;
    --text: #e4e7eb;
    --quiet: #a2a9b4;
    --line: #30353d;
    --faint: #22262c;
    --link: #86bdf3;
    --actual: #f58b55;
    --other: #74b4f2;
    --pass: #5ccf94;
    --fail: #ff8d82;
    --shade-1: #1f3850;
    --shade-2: #2f608f;
    --shade-3: #5a9bd6;
    --shade-4: #f58b55;
  }
}
`;

const TEXT = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 0.5rem; text-wrap: balance; overflow-wrap: anywhere; }
header p { color: var(--quiet); margin: 0; max-width: 46rem; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -0.01em; margin: 0 0 1rem; display: flex; gap: 0.5rem; align-items: baseline; }
h2 .place { color: var(--quiet); font-weight: 400; font-variant-numeric: tabular-nums; min-width: 1.9rem; }
section { margin-top: 3rem; padding-top: 1.75rem; border-top: 1px solid var(--line); }
p, section > ul, section > ol { max-width: 46rem; }
p { margin: 0 0 1rem; }
ul, ol { margin: 0 0 1rem; padding-left: 1.4rem; }
li { margin: 0.3rem 0; }
li::marker { color: var(--quiet); font-variant-numeric: tabular-nums; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible, .frame:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.86em; }
code { overflow-wrap: anywhere; }
code.name { overflow-wrap: normal; }
small { font-size: 0.85em; color: var(--quiet); }
summary { cursor: pointer; color: var(--link); width: fit-content; }
footer { margin-top: 3rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.9rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--raised); padding: 0.5rem 1rem; z-index: 1; }
.note { border-left: 3px solid var(--line); padding: 0.1rem 0 0.1rem 1rem; color: var(--quiet); }
`;

const CONTENTS = `
nav.beside { display: none; }
.contents { margin-top: 1.5rem; }
.contents ol { columns: 16rem; column-gap: 2rem; margin-top: 0.75rem; }
@media (min-width: 78rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
  nav.beside { display: block; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2.6rem 0 2rem 1.75rem; font-size: 0.9rem; }
  nav.beside a { color: var(--quiet); text-decoration: none; }
  nav.beside a:hover { color: var(--link); text-decoration: underline; }
  nav.beside li { margin: 0.42rem 0; line-height: 1.35; }
  .contents { display: none; }
  main { margin: 0; padding-left: 2.5rem; padding-right: 2.5rem; width: 100%; }
}
`;

const LISTS = `
dl { margin: 0 0 1.5rem; }
dd { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10.5rem), 1fr)); gap: 0.75rem; }
.figures > div { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 0.9rem; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dd { font-size: 1.3rem; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.figures dd small { font-weight: 400; font-size: 0.85rem; letter-spacing: 0; }
.figures dt { color: var(--quiet); font-size: 0.88rem; line-height: 1.4; margin-top: 0.25rem; }
.facts > div { display: grid; grid-template-columns: minmax(0, 19rem) minmax(0, 1fr); gap: 0.15rem 1.5rem; padding: 0.5rem 0; border-bottom: 1px solid var(--faint); }
.facts dt { color: var(--quiet); }
.facts dd { font-variant-numeric: tabular-nums; }
.facts dd code { font-size: 0.8em; }
.commands > div { margin-bottom: 0.85rem; }
.commands dt { font-size: 0.92rem; color: var(--quiet); }
.commands code, .formula { display: block; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.55rem 0.8rem; margin: 0.25rem 0 0; }
.formula { white-space: pre-wrap; line-height: 1.7; margin-bottom: 1rem; overflow-wrap: anywhere; }
.timeline { list-style: none; padding: 0 0 0 1.1rem; margin-left: 0.35rem; border-left: 2px solid var(--line); }
.timeline li { position: relative; margin: 0 0 1.1rem; }
.timeline li::before { content: ""; position: absolute; left: calc(-1.1rem - 6px); top: 0.5rem; width: 10px; height: 10px; border-radius: 50%; background: var(--page); border: 2px solid var(--other); }
.timeline p { margin: 0; }
.timeline .when { font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.timeline .when span { color: var(--quiet); margin-left: 0.5rem; }
.checks { list-style: none; padding: 0; }
.checks li { display: grid; grid-template-columns: 3.2rem minmax(0, 1fr); padding: 0.4rem 0; border-bottom: 1px solid var(--faint); margin: 0; }
.checks b { font-size: 0.8rem; letter-spacing: 0.04em; line-height: 1.9; }
.checks small { display: block; overflow-wrap: anywhere; }
.pass { color: var(--pass); }
.fail { color: var(--fail); }
@media (min-width: 52rem) {
  .figures { grid-template-columns: 1.5fr repeat(4, 1fr); }
}
@media (max-width: 40rem) {
  .facts > div { grid-template-columns: 1fr; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figures > div:first-child { grid-column: 1 / -1; }
}
`;

const TABLES = `
.frame { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; line-height: 1.45; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--faint); font-weight: 400; }
thead th { color: var(--quiet); font-size: 0.85rem; border-bottom: 1px solid var(--line); vertical-align: bottom; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.bars th[scope="row"] small { display: block; line-height: 1.35; margin: 0.1rem 0 0.3rem; }
.bars th[scope="row"] { width: 60%; }
.bar { display: block; width: 100%; height: 9px; margin-top: 0.35rem; }
.bar .above { fill: var(--other); }
.bar .below { fill: var(--actual); }
details { margin: 0 0 1.5rem; }
details .frame { margin-top: 0.75rem; }
`;

const CHARTS = `
.charts { margin: 0 0 0.75rem; }
.charts.many { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem 1.5rem; }
figure { margin: 0 0 0.75rem; min-width: 0; }
figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 0.25rem; }
figure svg { display: block; width: 100%; height: auto; font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
svg text { fill: var(--quiet); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--quiet); stroke-opacity: 0.55; }
svg .axis, svg .tick { stroke: var(--quiet); stroke-width: 1; fill: none; }
svg path.actual { stroke: var(--actual); stroke-width: 2.25; fill: none; stroke-linejoin: round; }
svg path.other { stroke: var(--other); stroke-width: 2; stroke-dasharray: 6 4; fill: none; stroke-linejoin: round; }
svg .gap { fill: var(--actual); fill-opacity: 0.11; }
svg .empty { fill: var(--faint); }
.shade-1 { fill: var(--shade-1); background: var(--shade-1); }
.shade-2 { fill: var(--shade-2); background: var(--shade-2); }
.shade-3 { fill: var(--shade-3); background: var(--shade-3); }
.shade-4 { fill: var(--shade-4); background: var(--shade-4); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.9rem; color: var(--quiet); margin-bottom: 0.75rem; }
.legend span { display: inline-flex; align-items: center; gap: 0.5rem; }
.key { width: 1.6rem; height: 0.8rem; border-radius: 2px; }
.key.actual, .key.other { height: 0; border-radius: 0; border-top: 3px solid var(--actual); }
.key.other { border-top: 3px dashed var(--other); }
.on-narrow { display: none; }
@media (max-width: 40rem) {
  .on-wide { display: none; }
  .on-narrow { display: block; }
}
@media print {
  .contents, nav.beside, .skip { display: none; }
  section { break-inside: auto; }
  figure, tr { break-inside: avoid; }
}
@media (prefers-reduced-motion: reduce) {
  html { scroll-behavior: auto; }
}
`;

export const STYLE = [COLOURS, TEXT, CONTENTS, LISTS, TABLES, CHARTS].join('').trimStart();
