/** An administrator's command that came without an act, once there is a roster: it is not taken. */
import { COMMAND_BYTES } from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { HeldCommand } from '../screen.ts';
import type { Authority } from './authority.ts';
import type { CommandSource } from './command-source.ts';

/** Those among submitted commands, each with the check `authority`. */
export function unsignedCommands(authority: Authority, commands: CommandBuffer, source: CommandSource): HeldCommand[] {
  const { bytes, i32: words, f64: floats, rows } = commands;
  return authority.unauthorised({ bytes, words, floats, rows }, source).map(({ row, direction }) => ({
    row,
    command: words[(row * COMMAND_BYTES) / 4] as number,
    account: 0,
    market: direction.market,
    timeMs: floats[(row * COMMAND_BYTES) / 8 + 1] as number,
    check: {
      class: 'I',
      name: 'authority',
      about: direction.of,
      holds: false,
      found: source.kind === 'guard' ? 'the guard, which may not loosen it' : 'no act',
      expected: 'an act',
    },
  }));
}
