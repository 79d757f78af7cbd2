import type { Finding } from '../doctor/finding.js';
import { imageFindings } from '../doctor/image-findings.js';
import { serviceFindings } from '../doctor/service-findings.js';
import { exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import { UsageError } from '../usage-error.js';
import { plainText } from '../view/plain-text.js';

/** Looks for what is not well: of the service, or of an image of workers. The exit code is 1 if anything is. */
export async function doctor(session: Session, what: string | undefined, name: string | undefined): Promise<number> {
  if (what !== undefined && what !== 'image')
    throw new UsageError('It is "remuda doctor", or "remuda doctor image NAME".');
  if (what === 'image' && name === undefined) throw new UsageError('Name the image: remuda doctor image NAME.');
  const found = name === undefined ? await serviceFindings(session) : await imageFindings(name, session.leaving);
  if (session.json) session.print(JSON.stringify(found));
  else for (const finding of found) session.print(lineOf(finding, session.paint));
  return found.some(({ ok }) => ok === false) ? exitCodes.failed : exitCodes.ok;
}

function lineOf({ check, ok, detail, cure }: Finding, paint: Session['paint']): string {
  const mark = ok === undefined ? paint.yellow('!') : ok ? paint.green('✓') : paint.red('✗');
  const advice = cure === undefined || ok === true ? '' : `\n  ${paint.dim(`→ ${cure}`)}`;
  return `${mark} ${paint.bold(check)}: ${plainText(detail)}${advice}`;
}
