// How campaigns end: tables or JSON on standard output, and the exit code.
import { formatBounds, isKept, type Bound } from './bounds.ts';
import { ENVIRONMENT } from './environment.ts';

export interface CampaignReport {
  readonly campaign: string;
  readonly figures: unknown;
  readonly bounds: readonly Bound[];
  /** The figures for people. */
  readonly text: string;
}

/** Prints the report. The process ends with code 1 when a bound is missed. */
export function printReport(
  { campaign, figures, bounds, text }: CampaignReport,
  json: boolean,
): void {
  if (json) {
    const stated = bounds.map((bound) => ({ ...bound, kept: isKept(bound) }));
    const report = { campaign, environment: ENVIRONMENT, figures, bounds: stated };
    console.log(JSON.stringify(report, undefined, 2));
  } else {
    const { node, cores, cpu } = ENVIRONMENT;
    console.log(
      `${campaign}: Node ${node}, ${cores} × ${cpu}\n\n${text}\n\n${formatBounds(bounds)}`,
    );
  }
  if (!bounds.every(isKept)) process.exitCode = 1;
}

/** Says on standard error what a campaign is doing, so that standard output stays clean. */
export function tell(message: string): void {
  console.error(`… ${message}`);
}
