/**
 * Incidents and claims. What the journal knows of them (approvals, what is set aside, posted, given back, taken back, rollbacks) are views
 * over the projected tables: a rebuild makes them anew, an audit of those tables is one of these, and an older database has its past at
 * once. What only the folder of a case knows is loaded into `incident_document` and `claim_document` (`makewhole store cases`): they are
 * no part of the projection, and a rebuild leaves them. A row's height and branch are those of the last block that it rests on: the one up
 * to which the case measures, or that of the act or of the payment behind it. Claims tell who lost what: whoever reads this database
 * reads that.
 */
import type { Migration } from '../migration.ts';

const MOVEMENTS = "('credit_reversed', 'refund_posted', 'refund_reserved', 'refund_voided')";

/** What only the document of a claim says, in the order of the view. */
const DOCUMENTED = [
  'dossier',
  'leaf',
  'reason',
  'is_insider',
  'difference',
  'causes',
  'netted',
  'principal',
  'interest',
  'goodwill',
  'awarded',
  'paid_before',
  'refund',
  'payable',
  'owed',
  'reversed',
] as const;

/** The greatest of one value at most. */
function ofDocument(column: (typeof DOCUMENTED)[number]): string {
  if (column === 'is_insider') return `bool_or(${column}) as ${column}`;
  return column === 'causes' ? `max(${column}::text)::json as ${column}` : `max(${column}) as ${column}`;
}

/** Sums of the movements of a group. */
const MOVED = [
  ['refund_reserved', 'reserved'],
  ['refund_posted', 'posted'],
  ['refund_voided', 'given_back'],
  ['credit_reversed', 'taken_back'],
]
  .map(([kind, name]) => `coalesce(sum(amount) filter (where kind = '${kind}'), 0) as ${name}`)
  .join(', ');

export const incidents: Migration = {
  name: '0005-incidents',
  up: [
    `create table incident_document (
      incident text not null,
      round integer not null,
      dossier text not null,
      name text not null,
      reason text not null,
      mode text not null,
      from_fork integer not null,
      from_height bigint not null,
      to_fork integer not null,
      to_height bigint not null,
      policy text not null,
      refund_root text not null,
      sum_root text not null,
      claims integer not null,
      refund numeric not null,
      payable numeric not null,
      owed numeric not null,
      reversed numeric not null,
      failed_checks integer not null,
      primary key (incident, round)
    )`,
    `create table claim_document (
      incident text not null,
      round integer not null,
      account integer not null,
      dossier text not null,
      leaf text not null,
      reason text not null,
      is_insider boolean not null,
      difference numeric not null,
      causes json not null,
      netted numeric not null,
      principal numeric not null,
      interest numeric not null,
      goodwill numeric not null,
      awarded numeric not null,
      paid_before numeric not null,
      refund numeric not null,
      payable numeric not null,
      owed numeric not null,
      reversed numeric not null,
      primary key (incident, round, account),
      foreign key (incident, round) references incident_document (incident, round)
    )`,
    'create index claim_of_account on claim_document (account)',
    `create index refund_of_account on money_movement (account, height) where kind in ${MOVEMENTS}`,
    'create view as_of as select height, fork from block order by height desc limit 1',
    // The id of a transfer as `money_movement` has it: four words, each the other way round than its bytes stand.
    `create function transfer_reference(incident text, round integer, account integer, cause text) returns text
    language sql immutable strict as $$
      select regexp_replace(
        encode(substring(sha256(convert_to('refund', 'UTF8') || decode(incident, 'hex') || int4send(round) || int4send(account)
          || convert_to(cause, 'UTF8')) from 1 for 16), 'hex'),
        '(..)(..)(..)(..)', '\\4\\3\\2\\1', 'g')
    $$`,
    `create view refund_act as
      select fork, height, sequence, ordinal, what ->> 'kind' as kind,
        case when what ->> 'incident' ~ '^[0-9a-f]{64}$' then what ->> 'incident' end as incident,
        case when what ->> 'round' ~ '^[0-9]{1,9}$' then (what ->> 'round')::integer end as round,
        what
      from (select fork, height, sequence, ordinal, act -> 'act' -> 'what' as what from live_act) acts
      where what ->> 'kind' in ('approveRefunds', 'revokeRefunds')`,
    `create view refund_movement as
      select name.incident, name.round, m.account, m.kind, m.amount::bigint as amount, m.fork, m.height, m.sequence, m.time_ms
      from (
        select incident, round from refund_act where incident is not null and round is not null
        union select incident, round from incident_document
      ) name
      join live_money_movement m on m.kind in ${MOVEMENTS} and m.reference = transfer_reference(
        name.incident, name.round, m.account, case m.kind when 'credit_reversed' then 'reversal' else 'refund' end)`,
    // What of a claim is the document's and what the journal's, one below the other: whoever asks for an account reads no other's.
    `create view claim as
      select incident, round, account, fork, height, ${DOCUMENTED.join(', ')},
        reserved - posted - given_back as set_aside, posted, given_back, taken_back,
        case
          when posted > 0 then 'paid'
          when given_back > 0 then 'given_back'
          when reserved > 0 then 'set_aside'
          when payable > 0 then 'open'
          when taken_back > 0 then 'taken_back'
          when reversed > 0 then 'open'
          else 'nothing_due'
        end as status
      from (
        select incident, round, account, max(fork) as fork, max(height) as height, ${DOCUMENTED.map(ofDocument).join(', ')}, ${MOVED}
        from (
          select c.incident, c.round, c.account, i.to_fork as fork, i.to_height as height,
            ${DOCUMENTED.map((column) => `c.${column}`).join(', ')}, null as kind, null as amount
          from claim_document c join incident_document i using (incident, round)
          union all
          select incident, round, account, fork, height, ${DOCUMENTED.map(() => 'null').join(', ')}, kind, amount from refund_movement
        ) parts group by incident, round, account
      ) claims`,
    `create view incident as
      with standing as (
        select distinct on (incident, round) * from refund_act where incident is not null and round is not null
        order by incident, round, height desc, sequence desc, ordinal desc
      ), moved as (
        select incident, round, max(fork) as fork, max(height) as height,
          ${MOVED}
        from refund_movement group by incident, round
      ), payout as (
        select incident, round, d.dossier, d.name, d.reason, d.mode, d.from_fork, d.from_height, d.to_fork, d.to_height, d.policy,
          d.refund_root, d.sum_root, d.claims, d.refund, d.payable, d.owed, d.reversed, d.failed_checks,
          s.kind as standing, s.what ->> 'content' as approved_content, s.what ->> 'plan' as approved_plan,
          (s.what ->> 'payments')::integer as approved_payments, (s.what ->> 'total')::numeric as approved_total,
          (s.what ->> 'reversed')::numeric as approved_reversed,
          greatest(d.to_fork, s.fork, moved.fork) as fork, greatest(d.to_height, s.height, moved.height) as height,
          moved.reserved, moved.posted, moved.given_back, moved.taken_back
        from incident_document d
        full join standing s using (incident, round)
        left join moved using (incident, round)
      ), back as (
        select distinct on (coalesce(certificate ->> 'incident', height::text)) certificate ->> 'incident' as incident,
          certificate ->> 'reason' as reason, fork, height, restores
        from rollback where not exists (select 1 from dead_range where rollback.height between from_height and to_height)
        order by coalesce(certificate ->> 'incident', height::text), height desc
      )
      select incident, payout.round, greatest(payout.fork, back.fork) as fork, greatest(payout.height, back.height) as height,
        payout.name, coalesce(payout.reason, back.reason) as reason, payout.mode,
        coalesce(payout.from_fork, (select block.fork from block where block.height = back.restores)) as trusted_fork,
        coalesce(payout.from_height, back.restores) as trusted_height,
        payout.to_fork, payout.to_height,
        back.height is not null as is_rolled_back, back.fork as rollback_fork, back.height as rollback_height,
        payout.policy, payout.dossier, payout.refund_root, payout.sum_root, payout.claims, payout.failed_checks,
        payout.refund, payout.payable, payout.owed, payout.reversed,
        payout.approved_content, payout.approved_plan, payout.approved_payments, payout.approved_total, payout.approved_reversed,
        coalesce(payout.reserved - payout.posted - payout.given_back, 0) as set_aside,
        coalesce(payout.posted, 0) as posted,
        coalesce(payout.given_back, 0) as given_back,
        coalesce(payout.taken_back, 0) as taken_back,
        case
          when payout.reserved > payout.posted + payout.given_back and payout.posted > 0 then 'paying'
          when payout.reserved > payout.posted + payout.given_back then 'set_aside'
          when payout.posted > 0 and payout.given_back > 0 then 'paid_in_part'
          when payout.given_back > 0 then 'given_back'
          when payout.posted > 0 or payout.taken_back > 0 then 'paid'
          when payout.standing = 'approveRefunds' then 'approved'
          when payout.standing = 'revokeRefunds' then 'revoked'
          when payout.dossier is not null then 'drafted'
          else 'rolled_back'
        end as status
      from payout full join back using (incident)`,
  ],
  down: [
    'drop view incident',
    'drop view claim',
    'drop view refund_movement',
    'drop view refund_act',
    'drop function transfer_reference(text, integer, integer, text)',
    'drop view as_of',
    'drop index refund_of_account',
    'drop table claim_document',
    'drop table incident_document',
  ],
};
