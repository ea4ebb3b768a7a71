// Brings the rows of a data directory in an older format to the present one, before partitions open.
//   1 → 2   invocations are counted in blocks
import type { PartitionNumber } from '../actors/domain/ids.ts';
import type { DataDirectory } from './data-directory.ts';
import { FORMAT_VERSION, type Marker, writeMarker } from './data-directory-marker.ts';
import { KeyWriter, Table } from './key-codec.ts';
import type { KeyValueBackend, Write } from './key-value-backend.ts';
import { countInBlocks } from './tables/invocation-block.ts';
import { storedInvocations } from './tables/invocation.ts';

/**
 * Upgrades every environment, then the marker, and returns it: an upgrade that a crash cut short begins
 * again. `openTables` opens one environment; its logs have been recovered.
 */
export async function upgradeFormat(
  { path, marker }: Pick<DataDirectory, 'path' | 'marker'>,
  openTables: ReadonlyArray<() => KeyValueBackend>,
): Promise<Marker> {
  if (marker.formatVersion === FORMAT_VERSION) return marker;
  for (const open of openTables) {
    const tables = open();
    for (let partition = 0; partition < marker.partitionsCount; partition += 1) {
      await countInvocations(tables, partition as PartitionNumber);
    }
    await tables.close();
  }
  const upgraded = { ...marker, formatVersion: FORMAT_VERSION };
  writeMarker(path, upgraded);
  return upgraded;
}

/** A partition lies in one environment; in the others it has no rows. */
async function countInvocations(
  tables: KeyValueBackend,
  partition: PartitionNumber,
): Promise<void> {
  const counted = new KeyWriter(partition, Table.invocationBlock).start().finishRange();
  const writes = new Map<string, Write>();
  for (const key of tables.keys(counted))
    writes.set(key.toString('latin1'), { key, value: undefined });
  for (const write of countInBlocks(partition, storedInvocations(tables, partition))) {
    writes.set(write.key.toString('latin1'), write);
  }
  if (writes.size > 0) await tables.commit([...writes.values()]);
}
