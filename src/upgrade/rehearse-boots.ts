/**
 * The candidate started on a copy of the folder: behind this release, killed, started again; what it wrote compared; and this release
 * behind it. It proves that both can be gone to and come back from, on what the live exchange really has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../remedy/canonical-json.ts';
import { compared, ReleaseComparison } from './compare-releases.ts';
import type { Findings } from './finding.ts';
import { ServeRefused, type ServedFolder, type Standing } from './hand-over.ts';
import { OWN_RELEASE } from './release.ts';
import type { ReleaseRun } from './upgrade-context.ts';

const LOOK_MS = 100;
/** Blocks that the candidate makes before it is killed, at least. */
const BLOCKS = 2;

export interface BootOptions {
  /** Throws when the time of the procedure is over. */
  readonly checkTime: () => void;
  readonly onPlace: (place: string) => void;
}

/** Rehearses; adds what is not as it was sealed. Where nobody knows how the folder was served, says so. */
export async function rehearseBoots(run: ReleaseRun, options: BootOptions, findings: Findings): Promise<Json> {
  if (run.handOver.served === undefined) return 'nobody knows how it was served';
  const rehearsal = new BootRehearsal(run, options, findings);
  try {
    await rehearsal.run();
  } catch (error) {
    if (!(error instanceof ServeRefused)) throw error;
    findings.add('boot/0/serves', 'serves', error.message);
  } finally {
    await rehearsal.end();
  }
  return rehearsal.told;
}

class BootRehearsal {
  private readonly release: ReleaseRun;
  private readonly options: BootOptions;
  private readonly findings: Findings;
  private readonly copy: ServedFolder;
  private tip: Pick<Standing, 'height' | 'stateRoot'> | undefined;
  readonly told: Record<string, Json>[] = [];

  constructor(release: ReleaseRun, options: BootOptions, findings: Findings) {
    this.release = release;
    this.options = options;
    this.findings = findings;
    this.copy = release.handOver.copy();
  }

  async run(): Promise<void> {
    const { copy, findings, options } = this;
    const { folder } = this.release.release;
    await this.boot('before', OWN_RELEASE);
    const { height } = await this.seal();
    await this.boot('candidate', folder);
    await copy.resume();
    while (((await copy.standing())?.height ?? 0) < height + BLOCKS) {
      options.checkTime();
      await sleep(LOOK_MS);
    }
    await copy.kill();
    options.onPlace('candidate killed');
    await this.boot('candidate after a kill', folder);
    await this.seal();
    await this.compareFrom(height);
    if (findings.count > 0) return;
    await this.boot('after', OWN_RELEASE);
    await copy.stop();
  }

  private async boot(name: string, program: string): Promise<void> {
    const { tip } = this;
    this.options.checkTime();
    const { bornHeight, bornRoot } = await this.copy.start(program, true);
    this.told.push({ name, height: bornHeight, stateRoot: bornRoot });
    if (tip === undefined || (bornHeight >= tip.height && (bornHeight > tip.height || bornRoot === tip.stateRoot)))
      return;
    const control = `block ${tip.height}, ${tip.stateRoot}`;
    this.findings.add(`boot/${name}/state_root`, control, `block ${bornHeight}, ${bornRoot}`);
  }

  /** Keeps a snapshot of where it stands, for whoever is next, and stops. */
  private async seal(): Promise<Standing> {
    await this.copy.snapshot();
    const standing = (await this.copy.standing()) as Standing;
    this.tip = standing;
    await this.copy.stop();
    return standing;
  }

  /** What the candidate wrote behind a block, by its own word and by this release's. */
  private async compareFrom(height: number): Promise<void> {
    const { release, handOver } = this.release;
    const comparison = await ReleaseComparison.start(release, handOver.copyJournal, 'candidate', height);
    try {
      while (this.findings.count === 0 && (await comparison.next(this.findings))) this.options.checkTime();
      this.told.push({ name: 'what it wrote', ...compared(comparison) });
    } finally {
      await comparison.end();
    }
  }

  async end(): Promise<void> {
    await this.copy.kill();
    this.release.handOver.dropCopy();
  }
}
