import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY } from './default-policy.ts';
import type { AwardStatement } from './award.ts';
import { DESK_FACTS, type DeskFacts, deskFacts } from './desk-facts.ts';
import type { CauseAmount } from './statement.ts';
import { businessDaysAfter, type DisputeEvent, DisputeRegister, disputeStatistics } from './dispute.ts';

const DAY = 86_400_000;
/** A Tuesday. */
const PUBLISHED = Date.UTC(2026, 0, 20);
const claimOf = (account: number): { causes: CauseAmount[]; awards: AwardStatement[] } | undefined =>
  account < 10 ? { causes: [{ cause: 'external', amount: '700' }], awards: [] } : undefined;
const rules = { policy: DEFAULT_POLICY, publishedMs: PUBLISHED, claimOf, round: 1 };

const OPEN: DisputeEvent = { kind: 'open', account: 5, text: 'my stop was at 3,100', correction: 'ab'.repeat(32) };
const RERUN: DisputeEvent = { kind: 'rerun', case: 'cd'.repeat(32), finding: null, before: '0', after: '7', others: 3 };
const ROUND = { number: 2, dossier: 'ef'.repeat(32) };
const ADJUST: DisputeEvent = {
  kind: 'decide',
  decision: 'adjust',
  reasons: 'the sample was wrong',
  paragraph: 2,
  round: ROUND,
};
const DENY: DisputeEvent = {
  kind: 'decide',
  decision: 'deny',
  reasons: 'the price was right',
  paragraph: 2,
  round: null,
};

/** Appends events of one person and returns the refusals, undefined where there was none. */
function run(
  register: DisputeRegister,
  events: readonly (readonly [DisputeEvent, string?])[],
  dispute = 1,
  atMs = PUBLISHED,
) {
  return events.map(([event, by = 'desk']) => {
    const result = register.append(dispute, atMs, by, event);
    return 'refusal' in result ? result.refusal : undefined;
  });
}

test('a dispute goes from open to closed, and every step needs the one before', () => {
  const register = new DisputeRegister(rules);
  const close: DisputeEvent = { kind: 'close' };
  const review: DisputeEvent = { kind: 'review', upheld: true, reasons: 'computed again, the same' };
  assert.deepEqual(run(register, [[RERUN]]), ['dispute_unknown']);
  assert.deepEqual(run(register, [[OPEN], [close], [ADJUST], [DENY], [RERUN]]), [
    undefined,
    'not_now',
    'not_rerun',
    'not_rerun',
    undefined,
  ]);
  assert.equal(register.dispute(1)?.state, 'RE_RUN');
  assert.deepEqual(run(register, [[ADJUST], [ADJUST], [review], [review, 'others'], [close], [close]]), [
    undefined,
    'not_now',
    'same_person',
    undefined,
    undefined,
    'not_now',
  ]);
  assert.equal(register.dispute(1)?.state, 'CLOSED');
  assert.deepEqual(disputeStatistics(register, PUBLISHED).states.CLOSED, 1);
  assert.equal(disputeStatistics(register, PUBLISHED).adjusted, 1);
});

test('a review that does not uphold the decision takes it back', () => {
  const register = new DisputeRegister(rules);
  const review: DisputeEvent = { kind: 'review', upheld: false, reasons: 'the evidence was not read' };
  run(register, [[OPEN], [RERUN], [DENY]]);
  assert.deepEqual(run(register, [[review, 'others']]), [undefined]);
  assert.equal(register.dispute(1)?.state, 'EVIDENCE');
  assert.deepEqual(run(register, [[ADJUST]]), [undefined]);
});

test('what is decided has reasons and a paragraph of the policy; what is adjusted was computed', () => {
  const register = new DisputeRegister(rules);
  run(register, [[OPEN], [RERUN]]);
  assert.deepEqual(
    run(register, [
      [{ ...DENY, reasons: ' ' } as DisputeEvent],
      [{ ...DENY, paragraph: 99 } as DisputeEvent],
      [{ ...ADJUST, round: null } as DisputeEvent],
    ]),
    ['reasons_missing', 'paragraph_unknown', 'not_rerun'],
  );
  run(register, [[{ ...RERUN, finding: 'actual_differs' } as DisputeEvent]]);
  assert.deepEqual(run(register, [[ADJUST], [DENY]]), ['not_rerun', undefined]);
});

const AWARD = {
  kind: 'decide',
  decision: 'award',
  reasons: 'the deposit was shown',
  paragraph: 6,
  round: null,
} as const;
const LACKING = { cause: 'external', amount: '700', basis: null } as const;
const GOODWILL = { cause: 'order_inability', amount: '100000000000', basis: null } as const;
const EVIDENCE: DisputeEvent = { kind: 'evidence', text: 'a statement of the bank', hash: '12'.repeat(32) };

test('what is awarded goes by the tiers of the policy: by rule and on evidence, or as goodwill, within the caps', () => {
  const register = new DisputeRegister(rules);
  run(register, [[{ ...OPEN, correction: null } as DisputeEvent]]);
  const refused = (event: Partial<Extract<DisputeEvent, { kind: 'decide' }>>): string | undefined =>
    run(register, [[{ ...AWARD, ...event } as DisputeEvent]])[0];
  assert.equal(refused({}), 'award_missing');
  assert.equal(refused({ award: { ...LACKING, amount: '0' } }), 'award_missing');
  assert.equal(refused({ award: LACKING, round: ROUND }), 'award_missing');
  assert.equal(refused({ award: LACKING, decision: 'deny' }), 'award_missing');
  assert.equal(refused({ award: LACKING, reasons: '' }), 'reasons_missing');
  assert.equal(refused({ award: { ...LACKING, cause: 'funding' } }), 'cause_not_awarded');
  assert.equal(refused({ award: LACKING }), 'evidence_missing');
  run(register, [[EVIDENCE]]);
  assert.equal(refused({ award: { ...LACKING, amount: '701' } }), 'above_rule');
  assert.equal(refused({ award: { ...GOODWILL, amount: '100000000001' } }), 'above_cap');
  assert.equal(refused({ award: LACKING }), undefined);
  const { reasons, paragraph } = AWARD;
  assert.deepEqual(
    [...register.awards],
    [[5, [{ ...LACKING, round: 1, dispute: 1, evidence: '12'.repeat(32), paragraph, reasons }]]],
  );
  const { awarded, states } = disputeStatistics(register, PUBLISHED);
  assert.deepEqual(awarded, { T2: { awards: 1, amount: '700' }, T3: { awards: 0, amount: '0' } });
  assert.equal(states.DECIDED, 1);
});

test('what was awarded stands beside earlier awards of the account, unless a review takes it back', () => {
  const register = new DisputeRegister(rules);
  const opened = { ...OPEN, correction: null } as DisputeEvent;
  const decided = { ...AWARD, award: GOODWILL } as DisputeEvent;
  const little = { ...AWARD, award: { ...GOODWILL, amount: '1' } } as DisputeEvent;
  run(register, [[opened], [decided], [{ kind: 'close' }]]);
  assert.deepEqual(run(register, [[opened], [little]], 2), [undefined, 'above_cap']);
  const again = new DisputeRegister(rules);
  const review: DisputeEvent = { kind: 'review', upheld: false, reasons: 'nobody was halted' };
  run(again, [[opened], [decided], [review, 'others']]);
  assert.deepEqual([...again.awards], []);
  assert.deepEqual(run(again, [[little]]), [undefined]);
  const before = {
    causes: [],
    awards: [{ ...GOODWILL, round: 1, dispute: 3, evidence: null, paragraph: 6, reasons: '' }],
  };
  const later = new DisputeRegister({ ...rules, claimOf: () => before, round: 2 });
  assert.deepEqual(run(later, [[opened], [little]]), [undefined, 'above_cap']);
});

test('of claims only what cannot be anybody is public', () => {
  const register = new DisputeRegister(rules);
  const facts = (): DeskFacts => deskFacts(disputeStatistics(register, PUBLISHED), PUBLISHED);
  for (let account = 1; account <= 6; account++) {
    const award = { ...AWARD, award: { ...GOODWILL, amount: String(account) } } as DisputeEvent;
    run(register, [[{ ...OPEN, account, correction: null } as DisputeEvent]], account);
    if (account === 4) assert.equal(facts().opened, 'fewer than 5');
    if (account < 6) run(register, [[award]], account);
    if (account === 4) assert.deepEqual(facts().awarded.T3, { awards: 'fewer than 5', amount: null });
  }
  const none = { awards: 0, amount: '0' };
  assert.deepEqual(facts(), {
    timeMs: PUBLISHED,
    opened: 6,
    undecided: 'fewer than 5',
    adjusted: 0,
    denied: 0,
    awarded: { T2: none, T3: { awards: 5, amount: '15' } },
    late: 0,
  });
  assert.equal(DESK_FACTS(facts(), ''), undefined);
});

test('a claim is opened within thirty days, of an account that was assessed, one at a time', () => {
  const register = new DisputeRegister(rules);
  const of = (account: number): DisputeEvent => ({ ...OPEN, account }) as DisputeEvent;
  assert.deepEqual(run(register, [[of(11)]]), ['account_not_assessed']);
  assert.deepEqual(run(register, [[of(5)]]), [undefined]);
  assert.deepEqual(run(register, [[of(5)]], 2), ['already_open']);
  assert.deepEqual(run(register, [[of(6)]], 2, PUBLISHED + 30 * DAY), [undefined]);
  assert.deepEqual(run(register, [[of(7)]], 3, PUBLISHED + 30 * DAY + 1), ['too_late']);
  assert.deepEqual(run(register, [[of(7)]], 3, PUBLISHED), ['time_runs_backwards']);
});

test('five business days: a weekend is none of them; who is late is counted', () => {
  assert.equal(businessDaysAfter(PUBLISHED, 5), PUBLISHED + 7 * DAY);
  assert.equal(businessDaysAfter(Date.UTC(2026, 0, 23), 1), Date.UTC(2026, 0, 26));
  const register = new DisputeRegister(rules);
  run(register, [[OPEN]]);
  assert.equal(register.dispute(1)?.dueMs, PUBLISHED + 7 * DAY);
  assert.equal(disputeStatistics(register, PUBLISHED + 7 * DAY).late, 0);
  assert.equal(disputeStatistics(register, PUBLISHED + 7 * DAY + 1).late, 1);
});

test('the register reads back line by line; a line that was altered, left out or moved is found', () => {
  const register = new DisputeRegister(rules);
  const lines: string[] = [];
  for (const event of [OPEN, RERUN, DENY]) {
    const result = register.append(1, PUBLISHED, 'desk', event);
    if ('line' in result) lines.push(result.line);
  }
  const faults = (stored: readonly string[]): (string | undefined)[] => {
    const read = new DisputeRegister(rules);
    return stored.map((line) => read.read(line));
  };
  assert.deepEqual(faults(lines), [undefined, undefined, undefined]);
  assert.match(faults([lines[0] as string, lines[2] as string])[1] ?? '', /does not follow/);
  const altered = (lines[1] as string).replace('"others":3', '"others":4');
  assert.match(faults([lines[0] as string, altered, lines[2] as string])[2] ?? '', /does not follow/);
  assert.match(faults(['{"format":"makewhole-dispute/1"}'])[0] ?? '', /no entry: previous is missing/);
  const strange = (lines[0] as string).replace('"kind":"open"', '"kind":"toString"');
  assert.match(faults([strange])[0] ?? '', /event\.kind is none/);
  assert.match(faults([`${lines[0]} `])[0] ?? '', /not the canonical text/);
  assert.match(faults(['no'])[0] ?? '', /no JSON/);
});
