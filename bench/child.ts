/** A process that measures one thing: `child.ts NAME REQUEST`. Progress is lines on stderr, the result is JSON on stdout. */
import { MEASUREMENTS, type MeasurementName } from './measurements.ts';
import { sendError } from './sent-error.ts';
import type { Tell } from './series.ts';

async function measure(name: string, request: string): Promise<object> {
  const work = MEASUREMENTS[name as MeasurementName] as (request: unknown, tell: Tell) => object | Promise<object>;
  try {
    return { result: await work(JSON.parse(request), (text) => process.stderr.write(`${text}\n`)) };
  } catch (error) {
    return { error: sendError(error) };
  }
}

const [name = '', request = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measure(name, request)));
