// `makewhole bench amount`: the technique by which money is exact.
import type { Command } from 'commander';
import { measureInChild } from '../../bench/in-child.ts';
import type { AmountResult } from '../../bench/amount.ts';
import { wholeNumber } from './arguments.ts';
import { addRuns, startMachine } from './bench-options.ts';
import { action, addCommand, type Frame } from './command.ts';
import { exitCodes } from './errors.ts';
import { textTable } from './table.ts';

/** Adds `bench amount`. */
export function registerBenchAmount(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'amount', {
    summary: 'exact money: two limbs against bigint',
    description:
      'Measures the exact arithmetic of the engine (floats, a second limb beyond 2^53) against bigint: adding up products, and ' +
      'multiplying and dividing rounded down. Both are checked against each other first.',
    examples: [
      ['bench amount', 'the table'],
      ['bench amount --operations 1000000 --json', 'shorter, as JSON'],
    ],
  });
  addRuns(command, 5)
    .option('--operations <n>', 'operations of one run', wholeNumber(1, 1_000_000_000), 5_000_000)
    .action(
      action<{ runs: number; operations: number }>(frame, async (output, { runs, operations }) => {
        const machine = startMachine(output);
        const result = await measureInChild('amount', { runs, operations }, (text) => output.say(text));
        output.say(`\n${amountText(result)}`);
        output.result({ ...result, ...machine });
        return exitCodes.ok;
      }),
    );
}

function amountText({ pairs }: AmountResult): string {
  const names = { product_sum: 'sum of products', multiply_divide_floor: 'a × b / c, rounded down' } as const;
  const ranges = { wide: 'beyond 2^53', safe: 'below 2^53' } as const;
  return textTable(
    [
      ['ns/op', 'products', 'two limbs', 'bigint', 'ratio'],
      ...pairs.map(({ operation, range, twoLimbs, bigint, ratio }) => [
        names[operation],
        ranges[range],
        twoLimbs.nsPerOp.toFixed(1),
        bigint.nsPerOp.toFixed(1),
        `${ratio.toFixed(1)} ×`,
      ]),
    ],
    ['left', 'left', 'right', 'right', 'right'],
  );
}
