import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand } from './apply.ts';
import { CommandBuffer } from './command-buffer.ts';
import { COMMAND, COMMAND_KINDS, PLACE_ORDER } from './command.ts';
import { type Refusal, REFUSALS } from './refusal.ts';
import { genesis, type State } from './state.ts';
import { VENUE } from './tables.ts';
import { ROUND_MARKET, VenueForTest } from './venue.fixture.ts';

/** Writes commands, alters them, applies the first and says how it went. */
function applied(
  write: (buffer: CommandBuffer) => void,
  alter: (buffer: CommandBuffer) => void = () => {},
  state: State = genesis(),
): { refusal: Refusal; rows: number; state: State } {
  const buffer = new CommandBuffer();
  write(buffer);
  alter(buffer);
  state.events.clear();
  const rows = applyCommand(state, buffer.i32, buffer.f64, 0, buffer.rows);
  const [first] = state.events.all();
  const refusal = first?.kind === 'refused' ? (first as unknown as { refusal: number }).refusal : 0;
  return { refusal: REFUSALS[refusal] as Refusal, rows, state };
}

const aTick = (buffer: CommandBuffer): void => buffer.tick(5);
const anOrder = (buffer: CommandBuffer): void => buffer.placeOrder(5, 3, 1, 10, 10, 0, 0, 'abcde');
const aBatch = (buffer: CommandBuffer): void => {
  buffer.placeBatch(5, 3, 2);
  buffer.placeOrder(5, 3, 1, 10, 10, 0);
  buffer.placeOrder(5, 3, 1, 10, 10, 0, 0, 'abc');
  buffer.endBatch(0);
};

test('a kind that is none is unknown, whatever else is wrong with it', () => {
  for (const kind of [0, -1, COMMAND_KINDS.length, 2 ** 31 - 1]) {
    const { refusal } = applied(aTick, (buffer) => {
      buffer.i32[0] = kind;
      buffer.i32[1] = 77;
      buffer.f64[1] = Number.NaN;
    });
    assert.equal(refusal, 'command_unknown', String(kind));
  }
});

test('a command of one row that claims more is malformed, and takes what it claims', () => {
  const written: ((buffer: CommandBuffer) => void)[] = [
    aTick,
    (buffer) => buffer.deposit(5, 1, 1, 1),
    (buffer) => buffer.cancelOrder(5, 3, 1),
    (buffer) => buffer.amendOrder(5, 3, 1, 1, 1),
    (buffer) => buffer.placeOrder(5, 3, 1, 10, 10, 0),
    (buffer) => buffer.setRule(5, 0, 0),
  ];
  for (const write of written) {
    const result = applied(
      (buffer) => {
        write(buffer);
        buffer.tick(5);
        buffer.tick(5);
      },
      (buffer) => {
        buffer.i32[1] = 2;
      },
    );
    assert.deepEqual([result.refusal, result.rows], ['command_malformed', 2]);
  }
});

test('rows that are not there are not read, even if the memory goes on', () => {
  for (const claimed of [0, -1, 2, 1024]) {
    const result = applied(aTick, (buffer) => {
      buffer.i32[1] = claimed;
    });
    assert.deepEqual([result.refusal, result.rows], ['command_malformed', 1], String(claimed));
  }
});

test('a time is a whole number of milliseconds from 0 to 2^48', () => {
  for (const timeMs of [Number.NaN, -1, 0.5, 2 ** 48 + 1, Number.POSITIVE_INFINITY]) {
    const { refusal, state } = applied(aTick, (buffer) => {
      buffer.f64[1] = timeMs;
    });
    assert.equal(refusal, 'command_malformed', String(timeMs));
    assert.equal(state.venue.f64[64 + VENUE.TIME_MS], 0);
  }
  const { refusal, state } = applied(aTick, (buffer) => {
    buffer.f64[1] = -0;
  });
  assert.equal(refusal, 'none');
  assert.ok(Object.is(state.venue.f64[64 + VENUE.TIME_MS], 0));
});

test('what is malformed is told before a time that runs backwards', () => {
  const { state } = applied((buffer) => buffer.tick(1_000));
  const broken = (buffer: CommandBuffer): void => {
    buffer.i32[PLACE_ORDER.CLIENT_ID_LENGTH] = 65;
  };
  assert.equal(applied(anOrder, broken, state).refusal, 'command_malformed');
  assert.equal(applied(anOrder, () => {}, state).refusal, 'time_runs_backwards');
});

test('a client id has 1 to 64 bytes in a second row and zeros after them', () => {
  const alterations: ((buffer: CommandBuffer) => void)[] = [
    (buffer) => {
      buffer.i32[PLACE_ORDER.CLIENT_ID_LENGTH] = -1;
    },
    (buffer) => {
      buffer.i32[PLACE_ORDER.CLIENT_ID_LENGTH] = 0;
    },
    // The text is longer than its length says: in the same word, in the next one, in the last one.
    (buffer) => {
      buffer.i32[PLACE_ORDER.CLIENT_ID_LENGTH] = 4;
    },
    (buffer) => {
      buffer.bytes[64 + 5] = 1;
    },
    (buffer) => {
      buffer.bytes[64 + 63] = 0x80;
    },
  ];
  for (const alter of alterations) assert.equal(applied(anOrder, alter).refusal, 'command_malformed');
  assert.equal(applied(anOrder).refusal, 'market_unknown');
  const sixtyFour = (buffer: CommandBuffer): void => buffer.placeOrder(5, 3, 1, 10, 10, 0, 0, 'x'.repeat(64));
  assert.equal(applied(sixtyFour).refusal, 'market_unknown');
});

test('a cancel by client id has one', () => {
  const cancel = (buffer: CommandBuffer): void => buffer.cancelByClientId(5, 3, 'abc');
  assert.equal(applied(cancel).refusal === 'command_malformed', false);
  assert.equal(applied((buffer) => buffer.cancelByClientId(5, 3, '')).refusal, 'command_malformed');
});

test('a batch is its orders, all of one account, and nothing else', () => {
  const alterations: ((buffer: CommandBuffer) => void)[] = [
    (buffer) => {
      buffer.i32[5] = 1;
    },
    (buffer) => {
      buffer.i32[5] = 3;
    },
    (buffer) => {
      buffer.i32[5] = 0;
    },
    (buffer) => {
      buffer.i32[16] = COMMAND.tick;
    },
    (buffer) => {
      buffer.i32[16 + PLACE_ORDER.ACCOUNT] = 4;
    },
    (buffer) => {
      buffer.i32[17] = 2;
    },
  ];
  for (const alter of alterations) assert.equal(applied(aBatch, alter).refusal, 'command_malformed');
  assert.equal(applied(aBatch).refusal, 'market_unknown');
});

test('a batch with a malformed last order is malformed, even if its first names no market', () => {
  const { refusal } = applied(aBatch, (buffer) => {
    buffer.i32[16 + PLACE_ORDER.MARKET] = 99;
    buffer.i32[32 + PLACE_ORDER.CLIENT_ID_LENGTH] = 99;
  });
  assert.equal(refusal, 'command_malformed');
});

test('a market is defined by three rows', () => {
  const define = (buffer: CommandBuffer): void => buffer.defineMarket(5, ROUND_MARKET);
  const shortened = applied(define, (buffer) => {
    buffer.i32[1] = 2;
  });
  assert.equal(shortened.refusal, 'command_malformed');
  assert.equal(applied(define).refusal, 'none');
  assert.equal(new VenueForTest().market(), 1);
});
