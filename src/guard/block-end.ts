/** What the guard does at each block's end: the image goes on, and the rows are audited against it. The first block is the image. */
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { AuditImage } from './audit-image.ts';
import { auditStart } from './audit-start.ts';
import type { Found } from './derived-image.ts';
import type { Known } from './known.ts';
import { isIndexBounded } from './market-checks.ts';

export class BlockEnd {
  private readonly known: Known;
  private readonly audit: AuditImage;

  constructor(known: Known) {
    this.known = known;
    this.audit = new AuditImage(known);
  }

  /** A block ends with this state; tells what is not as its history made it. */
  seal(state: State, found: Found): void {
    const { known } = this;
    if (known.image.isThere) this.goOn(state, found);
    else {
      known.begin(state);
      auditStart(known, found);
    }
    known.log.clear();
  }

  private goOn(state: State, found: Found): void {
    const { known } = this;
    this.condemn(state);
    for (const { account, about, told, computed } of known.advance.endBlock(state.market.rows)) {
      const check = {
        class: 'II',
        name: 'told_amounts',
        about,
        holds: false,
        found: told,
        expected: computed,
      } as const;
      found({ kind: 'account', account }, check);
    }
    this.audit.run(state, found);
  }

  /** A block must not make good an index that moved further than any index can. */
  private condemn(state: State): void {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    for (let market = 1; market < state.market.rows; market++) {
      if (isIndexBounded(this.known, market, timeMs)) continue;
      this.known.condemned.add(market);
    }
  }
}
