import type { CampaignEnd } from './campaign.js';

/** The outcome as text for a terminal. */
export function tableOf(end: CampaignEnd): string {
  const { sent, durationMs, statuses, operations, findings, failures } = end;
  const perSecond = Math.round((sent * 1_000) / durationMs);
  return [
    `${String(sent)} requests in ${(durationMs / 1_000).toFixed(1)} s: ${String(perSecond)} requests/s`,
    ...[...operations].map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`),
    `answers: ${[...statuses]
      .sort()
      .map(([status, count]) => `${status} x ${String(count)}`)
      .join(', ')}`,
    ...findings.map(
      ({ fault, request }) => `! ${request.operation}: ${fault}\n    ${JSON.stringify(request).slice(0, 600)}`,
    ),
    ...failures.slice(0, 20).map((line) => `! logged: ${line.slice(0, 1_000)}`),
    holds(end)
      ? 'every answer was as it has to be'
      : `${String(findings.length)} faults, ${String(failures.length)} failures logged`,
  ].join('\n');
}

/** Whether nothing was found. */
export function holds({ findings, failures }: CampaignEnd): boolean {
  return findings.length === 0 && failures.length === 0;
}
