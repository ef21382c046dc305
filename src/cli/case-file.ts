// Cases on disk.
import { writeFileSync } from 'node:fs';
import { canonicalJson } from '../remedy/canonical-json.ts';
import { decodeCase } from '../remedy/decode-case.ts';
import { caseJson, type IncidentCase } from '../remedy/incident-case.ts';
import { CommandError } from './errors.ts';
import { readJsonFile } from './json-file.ts';

/** The case in a file. Refuses (named) what is no JSON, and what is no case, by the field. */
export function readCaseFile(file: string): IncidentCase {
  const value = readJsonFile(file);
  const incident = decodeCase(value);
  if ('bad' in incident) throw new CommandError('not_a_case', `${file}: ${incident.bad}`);
  return incident;
}

/** Writes a case to a new file, in its canonical text. Refuses a file that is there. */
export function writeCaseFile(file: string, incident: IncidentCase): void {
  writeFileSync(file, `${canonicalJson(caseJson(incident))}\n`, { flag: 'wx' });
}
