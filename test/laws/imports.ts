// The order of the folders is the law of imports: a file may import its own folder and any folder above it in the list.
// Since the list is one order, no two folders can import each other. Reasons: docs/decisions/0001-folder-order.md.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { isPure, isTest, type Law, matches, type Violation } from './law.ts';
import { masked } from './mask.ts';

/** Every folder of code, each above those that may import it. `bench/` stands at the project's root, the others in src/. */
const folderOrder: readonly string[] = [
  'engine',
  'chain',
  'guard',
  'remedy',
  'api',
  'journal',
  'exchange',
  'incident',
  'store',
  'upgrade',
  'server',
  'sim',
  'bench',
  'cli',
];

interface Import {
  readonly specifier: string;
  readonly line: number;
}

const importPattern =
  /\bfrom\s*(['"])(?<from>[^'"\n]+)\1|\bimport\s*(['"])(?<bare>[^'"\n]+)\3|\bimport\s*\(\s*(['"])(?<called>[^'"\n]+)\5|\bnew\s+URL\(\s*(['"])(?<url>[^'"\n]+\.ts)\7/g;

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const { withoutComments } = masked(text);
  for (const match of withoutComments.matchAll(importPattern)) {
    const { from, bare, called, url } = match.groups ?? {};
    const specifier = from ?? bare ?? called ?? url ?? '';
    found.push({ specifier, line: withoutComments.slice(0, match.index).split('\n').length });
  }
  return found;
}

/** The folder that a file of the ordered code is in; undefined for the project's other files. */
function orderedFolder(path: string): string | undefined {
  if (path.startsWith('bench/')) return 'bench';
  const [top, folder, ...rest] = path.split('/');
  return top === 'src' && folder !== undefined && rest.length > 0 ? folder : undefined;
}

function checkOrder(path: string, text: string): Violation[] {
  const folder = orderedFolder(path);
  if (folder === undefined) {
    return path.startsWith('src/') ? [{ line: 1, message: 'a file of src/ belongs in one of its folders' }] : [];
  }
  const rank = folderOrder.indexOf(folder);
  if (rank < 0) return [{ line: 1, message: `the folder "${folder}" is not in the order of folders` }];
  const found: Violation[] = [];
  for (const { specifier, line } of importsOf(text)) {
    if (!specifier.startsWith('.')) continue;
    const target = posix.join(posix.dirname(path), specifier);
    const targetFolder = orderedFolder(target);
    if (targetFolder === undefined) {
      const isManifest = folder === 'cli' && target === 'package.json';
      if (!isManifest) found.push({ line, message: `${folder} may not import ${target}, which is outside the order` });
    } else if (!folderOrder.includes(targetFolder)) {
      found.push({ line, message: `the folder "${targetFolder}" is not in the order of folders` });
    } else if (folderOrder.indexOf(targetFolder) > rank) {
      found.push({ line, message: `${folder} may not import ${targetFolder}, which is below it in the order` });
    }
  }
  return found;
}

export const importOrder: Law = {
  name: 'imports follow the order of the folders, so that there is no cycle',
  check: checkOrder,
  refused: [
    { path: 'src/engine/apply.ts', text: "import { seal } from '../chain/block.ts';" },
    { path: 'src/journal/files.ts', text: "import type { Loop } from '../exchange/loop.ts';" },
    { path: 'src/exchange/recover.ts', text: "import { rollBack } from '../incident/roll-back.ts';" },
    { path: 'src/guard/screen.test.ts', text: "import { amend } from '../remedy/amend.ts';" },
    { path: 'src/store/writer.ts', text: "const url = new URL('../server/worker.ts', import.meta.url);" },
    { path: 'src/server/rest.ts', text: "const { run } = await import('../sim/world.ts');" },
    { path: 'src/sim/world.ts', text: "import '../../bench/engine.ts';" },
    { path: 'src/exchange/loop.ts', text: "import { temporary } from '../../test/folder.ts';" },
    { path: 'src/engine/apply.ts', text: "import { x } from '../chat/x.ts';" },
    { path: 'src/chat/x.ts', text: '' },
    { path: 'src/main.ts', text: '' },
  ],
  accepted: [
    { path: 'src/exchange/loop.ts', text: "import type { Journal } from '../journal/journal.ts';" },
    {
      path: 'src/chain/replay.ts',
      text: "import { apply } from '../engine/apply.ts';\nimport { a } from './block.ts';",
    },
    { path: 'src/incident/roll-back.ts', text: "import { recover } from '../exchange/recover.ts';" },
    { path: 'src/engine/apply.ts', text: "// import { seal } from '../chain/block.ts';" },
    { path: 'src/cli/bench.ts', text: "import { run } from '../../bench/engine.ts';" },
    { path: 'src/cli/program.ts', text: "import manifest from '../../package.json' with { type: 'json' };" },
    { path: 'test/stories/a.test.ts', text: "import { runProgram } from '../../src/cli/program.ts';" },
  ],
};

const builtins = new Set(builtinModules);

export const pureImports: Law = {
  name: 'the pure half imports nothing of Node.js',
  check: (path, text) => {
    if (!isPure(path)) return [];
    return importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('node:') || builtins.has(specifier))
      .map(({ specifier, line }) => ({ line, message: `the pure half may not import ${specifier}` }));
  },
  refused: [
    { path: 'src/engine/apply.ts', text: "import { readFileSync } from 'node:fs';" },
    { path: 'src/chain/root.ts', text: "import { createHash } from 'crypto';" },
    { path: 'src/api/sign.ts', text: "import 'fs/promises';" },
  ],
  accepted: [
    { path: 'src/journal/files.ts', text: "import { readFileSync } from 'node:fs';" },
    { path: 'src/engine/apply.test.ts', text: "import { test } from 'node:test';" },
    { path: 'src/chain/root.ts', text: "import { sha256 } from '@noble/hashes/sha2.js';" },
  ],
};

export const noBarrels: Law = {
  name: 'no barrels: a name is imported from the file that defines it',
  check: (path, text) => {
    const index = /(^|\/)index\.tsx?$/.test(path)
      ? [{ line: 1, message: 'a file named index re-exports or says nothing' }]
      : [];
    const pattern = /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\})(?:\s*as\s+\w+)?\s*from\b/g;
    return [...index, ...matches(masked(text).code, pattern, () => 'a re-export: import from the defining file')];
  },
  refused: [
    { path: 'src/engine/all.ts', text: "export * from './apply.ts';" },
    { path: 'src/engine/all.ts', text: "export type { State } from './state.ts';" },
    { path: 'src/engine/all.ts', text: "export * as engine from './state.ts';" },
    { path: 'src/engine/all.ts', text: "export {\n  apply,\n} from './apply.ts';" },
    { path: 'src/engine/index.ts', text: 'export const a = 1;' },
  ],
  accepted: [
    { path: 'src/engine/apply.ts', text: "import { a } from './a.ts';\nexport { b };\nexport const from = a;" },
  ],
};

export const testImportsStayInTests: Law = {
  name: 'only a test imports a test or node:test',
  check: (path, text) => {
    if (isTest(path) || path.startsWith('test/')) return [];
    return importsOf(text)
      .filter(({ specifier }) => specifier === 'node:test' || specifier.endsWith('.test.ts'))
      .map(({ specifier, line }) => ({ line, message: `${specifier} belongs in tests` }));
  },
  refused: [
    { path: 'src/sim/world.ts', text: "import { test } from 'node:test';" },
    { path: 'src/sim/world.ts', text: "import { day } from './day.test.ts';" },
  ],
  accepted: [{ path: 'src/sim/world.test.ts', text: "import { test } from 'node:test';" }],
};
