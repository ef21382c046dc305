/** The form of what others write into a case, as far as the report reads it: they may say more. */
import { type Form, hex32, integer, natural, oneOf, text, whole } from '../document-form.ts';

/** An object with these members, and any others. */
function withMembers(members: Readonly<Record<string, Form>>): Form {
  return (value, path) => {
    if (typeof value !== 'object' || value === null) return `${path === '' ? 'the document' : path} is no object`;
    for (const [name, form] of Object.entries(members)) {
      const wrong = form((value as Record<string, unknown>)[name], path === '' ? name : `${path}.${name}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

const count = integer(0);
const affected = withMembers({ accounts: count });
const option = withMembers({
  harmed: affected,
  benefited: affected,
  fundCost: whole,
  honestTradesUndone: withMembers({ trades: count }),
  receivables: whole,
  debtors: count,
});

/** What `incident measure --json` prints. */
export const MEASURED: Form = withMembers({
  options: withMembers({ do_nothing: option, forward_fix: option, rollback: option }),
  recommended: oneOf(['do_nothing', 'forward_fix', 'rollback']),
  because: text,
});

/** The record of a payment. */
export const PAID: Form = withMembers({
  incident: hex32,
  round: integer(1),
  payments: count,
  posted: count,
  postedTotal: natural,
  pendingTotal: natural,
  timeMs: count,
});
