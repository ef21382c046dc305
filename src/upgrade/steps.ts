/** Which step each state is, of an upgrade of the schema and of one of the program. */
import type { UpgradeState } from './states.ts';
import { commit, reopen, soak } from './steps-after.ts';
import { plan, rehearse, shadow } from './steps-before.ts';
import {
  bootLadder,
  canary,
  cancelOnly,
  drainAndFence,
  fingerprint,
  migrateToTip,
  verifyTip,
} from './steps-cutover.ts';
import {
  bootRelease,
  canaryRelease,
  cancelOnlyRelease,
  commitRelease,
  drainRelease,
  fingerprintRelease,
  planRelease,
  reachRelease,
  rehearseRelease,
  reopenRelease,
  shadowRelease,
  soakRelease,
  verifyRelease,
} from './steps-release.ts';
import type { StepResult, UpgradeContext } from './upgrade-context.ts';

type Steps = Readonly<Record<UpgradeState, (context: UpgradeContext) => Promise<StepResult>>>;

/** Of the schema. */
export const STEPS: Steps = {
  PLAN: plan,
  REHEARSE: rehearse,
  SHADOW: shadow,
  CANCEL_ONLY: cancelOnly,
  DRAIN_FENCE: drainAndFence,
  FINGERPRINT: fingerprint,
  MIGRATE: migrateToTip,
  VERIFY: verifyTip,
  BOOT_LADDER: bootLadder,
  CANARY: canary,
  REOPEN: reopen,
  SOAK: soak,
  COMMIT: commit,
};

/** Of the program. */
export const RELEASE_STEPS: Steps = {
  PLAN: planRelease,
  REHEARSE: rehearseRelease,
  SHADOW: shadowRelease,
  CANCEL_ONLY: cancelOnlyRelease,
  DRAIN_FENCE: drainRelease,
  FINGERPRINT: fingerprintRelease,
  MIGRATE: reachRelease,
  VERIFY: verifyRelease,
  BOOT_LADDER: bootRelease,
  CANARY: canaryRelease,
  REOPEN: reopenRelease,
  SOAK: soakRelease,
  COMMIT: commitRelease,
};
