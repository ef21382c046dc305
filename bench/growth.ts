/** How the time of an operation and the memory grow with markets and accounts. */
import type { BytesEach } from './memory.ts';
import { measureInChild } from './in-child.ts';
import type { Tell } from './series.ts';
import type { WorkloadParameters } from './workload.ts';

export interface GrowthRequest {
  readonly markets: readonly number[];
  readonly accounts: readonly number[];
  readonly operations: number;
  readonly runs: number;
  readonly seed: number;
}

interface GrowthPoint {
  readonly markets: number;
  readonly accounts: number;
  readonly nsPerOp: number;
  readonly best: number;
  readonly spread: number;
  readonly positions: number;
  readonly liveOrders: number;
  readonly bytesPerAccount: BytesEach;
  readonly bytesPerPosition: BytesEach;
  readonly bytesPerOrder: BytesEach;
  readonly stateBytes: number;
  readonly residentBytes: number;
}

export interface GrowthResult {
  readonly operations: number;
  readonly runs: number;
  readonly points: readonly GrowthPoint[];
}

/** Live orders that all markets together are steered towards: the same at every point, so that only their number differs. */
const LIVE_ORDERS = 200_000;

/** The operations of one point of the curve. */
export function growthParameters(
  { operations, seed }: GrowthRequest,
  markets: number,
  accounts: number,
): WorkloadParameters {
  return { operations, markets, accounts, liveTarget: Math.ceil(LIVE_ORDERS / markets), seed };
}

/** Measures the whole engine at every pair of markets and accounts, each in a process of its own. */
export async function benchGrowth(request: GrowthRequest, tell: Tell): Promise<GrowthResult> {
  const points: GrowthPoint[] = [];
  for (const markets of request.markets) {
    for (const accounts of request.accounts) points.push(await measurePoint(request, markets, accounts, tell));
  }
  return { operations: request.operations, runs: request.runs, points };
}

async function measurePoint(
  request: GrowthRequest,
  markets: number,
  accounts: number,
  tell: Tell,
): Promise<GrowthPoint> {
  const source = { parameters: growthParameters(request, markets, accounts) };
  const { memory, ...full } = await measureInChild('full', { source, runs: request.runs }, tell);
  return {
    markets,
    accounts,
    nsPerOp: full.nsPerOp,
    best: full.best,
    spread: full.spread,
    positions: full.positions,
    liveOrders: full.liveOrders,
    bytesPerAccount: memory.account,
    bytesPerPosition: memory.position,
    bytesPerOrder: memory.order,
    stateBytes: memory.stateBytes,
    residentBytes: memory.residentBytes,
  };
}
