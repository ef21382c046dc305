/** U3, before anybody is kept from trading: two operators signed this plan, and the market is calm, or they pass over that by name. */
import type { Roster } from '../guard/authority/roster.ts';
import type { Json } from '../remedy/canonical-json.ts';
import { evidenceHash } from './evidence.ts';
import type { UpgradeFinding } from './finding.ts';
import { type Override, readSignOffs, rosterOf, SIGN_OFFS, type SignOff } from './sign-off.ts';
import { jsonOf, passed, type StepResult, type UpgradeContext } from './upgrade-context.ts';

/** Inconclusive while a signature is missing or a market is not calm: it is looked at again as long as the hold lasts. */
export async function readyCheck(context: UpgradeContext): Promise<StepResult> {
  const { memory, journal } = context;
  // While people are waited for the journal is not walked again and again; who is enrolled when it counts is.
  const known = memory.roster;
  memory.roster = known ?? rosterOf(journal);
  const result = await judgedBy(context, memory.roster);
  if (known === undefined || result.verdict !== 'pass') return result;
  memory.roster = rosterOf(journal);
  return judgedBy(context, memory.roster);
}

async function judgedBy(context: UpgradeContext, roster: Roster): Promise<StepResult> {
  const { id, upgrades, now, venue } = context;
  const [plan] = context.chain();
  const unrest = (await venue.unrest?.()) ?? [];
  if (upgrades === undefined || plan === undefined || roster.isEmpty) {
    return judged(unrest, context.overrides ?? [], { signOff: 'no roster' });
  }
  const { fit, unfit } = readSignOffs(upgrades, { upgrade: id, plan: evidenceHash(plan), nowMs: now(), roster });
  const signOff: Json = {
    needed: SIGN_OFFS,
    signed: fit.map((word) => ({ ...word, overrides: [...word.overrides] })),
    unfit: unfit.map((each) => ({ ...each })),
  };
  if (fit.length < SIGN_OFFS) {
    const said = unfit.map(({ file, why }) => `${file}: ${why}`).join(', ');
    const why = `sign_off: ${fit.length} of ${SIGN_OFFS} operators signed this plan${said === '' ? '' : `; ${said}`}`;
    return { verdict: 'inconclusive', content: { why, signOff } };
  }
  return judged(unrest, passedOver(fit), { signOff });
}

/** What as many people pass over as it takes. */
function passedOver(fit: readonly SignOff[]): Override[] {
  const isCalm = fit.filter(({ overrides }) => overrides.includes('calm')).length >= SIGN_OFFS;
  return isCalm ? ['calm'] : [];
}

function judged(
  unrest: readonly UpgradeFinding[],
  overrides: readonly Override[],
  content: Record<string, Json>,
): StepResult {
  const all = { ...content, unrest: unrest.map(jsonOf), overrides: [...overrides] };
  const [first] = unrest;
  if (first === undefined || overrides.includes('calm')) return passed(all);
  const why = `calm: ${first.path}: ${first.candidate}, needed ${first.control}`;
  return { verdict: 'inconclusive', content: { ...all, why } };
}
