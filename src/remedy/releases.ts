/** The engine releases that a counterfactual can run: where the code of one was wrong, the correction set names the one that is right. */
import { applyCommand } from '../engine/apply.ts';

/** Applies the command at a row and returns how many rows it took, as `applyCommand` does. */
export type ApplyCommand = typeof applyCommand;

/** By number. A release is added here when its code is; an old one stays as long as a history that it made may be asked about. */
export const RELEASES: ReadonlyMap<number, ApplyCommand> = new Map([[1, applyCommand]]);
