// `makewhole shadow`: this release along the journal of another, for `makewhole upgrade` of that one, which compares.
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { MIGRATIONS } from '../store/migrations.ts';
import { ShadowEngine, shadowTables } from '../upgrade/shadow-engine.ts';
import { SHADOW_PROTOCOL, type ShadowAsk, type ShadowFailure, type ShadowHello } from '../upgrade/shadow-protocol.ts';
import { wholeNumber } from './arguments.ts';
import { addCommand, type Frame } from './command.ts';
import { exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';

/** Adds the command `shadow`. */
export function registerShadow(program: Command, frame: Frame): void {
  addCommand(program, 'shadow', {
    summary: 'this release along a journal, answering what `upgrade` of another release asks',
    description:
      'Replays a journal block by block and says what this release makes of it: one JSON object a line on stdout for each on stdin.\n' +
      'It compares nothing, changes nothing, and ends with its input. `makewhole upgrade run --release` of the running release asks.',
    examples: [['shadow --journal venue/journal', 'answers {"ask":"next"} with the root of the next block']],
  })
    .requiredOption('--journal <folder>', 'the journal; whoever writes it may go on')
    .option('--from <height>', 'begin at the end of this block, by its snapshot', wholeNumber(0, 2 ** 40))
    .action(async ({ journal, from }: { readonly journal: string; readonly from?: number }) => {
      openForReading(journal);
      await answerAll(new ShadowEngine(journal, from), (line) =>
        frame.streams.stdout.write(`${JSON.stringify(line)}\n`),
      );
      frame.exitCode = exitCodes.ok;
    });
}

async function answerAll(engine: ShadowEngine, say: (line: object) => void): Promise<void> {
  const hello: ShadowHello = {
    protocol: SHADOW_PROTOCOL,
    version: manifest.version,
    migrations: MIGRATIONS.map(({ name }) => name),
    tables: shadowTables(),
  };
  say(hello);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(answer(engine, JSON.parse(line) as ShadowAsk));
    } catch (error) {
      const failed = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      say({ failed, height: engine.height } satisfies ShadowFailure);
    }
  }
}

function answer(engine: ShadowEngine, ask: ShadowAsk): object {
  switch (ask.ask) {
    case 'next':
      return engine.next();
    case 'digests':
      return engine.digests(ask.table, ask.columns);
    case 'rows':
      return { rows: engine.rows(ask.table, ask.columns, ask.from, ask.to) };
    case 'events':
      return engine.namedEvents();
    case 'apply':
      return engine.apply(Buffer.from(ask.rows, 'base64'));
    case 'falsify':
      return { was: engine.falsify(ask.table, ask.row, ask.column) };
    default:
      throw new Error(`it is not known what is asked: ${JSON.stringify(ask)}`);
  }
}
