// Bounds that a campaign states, and whether a run kept them.
import { formatNumber, formatTable } from './text-table.ts';

export interface Bound {
  readonly name: string;
  readonly value: number;
  readonly relation: 'at most' | 'at least';
  readonly limit: number;
}

export function isKept({ value, relation, limit }: Bound): boolean {
  return relation === 'at most' ? value <= limit : value >= limit;
}

export function formatBounds(bounds: readonly Bound[]): string {
  return formatTable(
    ['bound', 'figure', 'limit', 'kept'],
    bounds.map((bound) => [
      bound.name,
      bound.value,
      `${bound.relation} ${formatNumber(bound.limit)}`,
      isKept(bound) ? 'yes' : 'NO',
    ]),
  );
}
