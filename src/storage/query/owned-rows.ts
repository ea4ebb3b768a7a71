// Rows that belong to a keyed service instance, in tables whose keys begin with the owner.
import type { PartitionNumber } from '../../actors/domain/ids.ts';
import { partitionOfKey } from '../../actors/domain/ids.ts';
import type { ServiceKey } from '../../actors/partition/state.ts';
import { keyedPartitionKey } from '../../actors/domain/make-invocation-id.ts';
import { KeyWriter, type PackedOwner, type Table } from '../key-codec.ts';
import type { KeyRange } from '../key-value-backend.ts';
import { KeyReader } from './key-reader.ts';
import { admits, type ScanFilter } from './scan-filter.ts';
import type { Snapshot } from './snapshot.ts';

export interface OwnedRow<Row> {
  readonly owner: ServiceKey;
  /** Stands behind the owner. */
  readonly key: KeyReader;
  readonly row: Row;
}

/** How the rows of a table are read. */
export interface OwnedTable<Row> {
  readonly table: Table;
  readonly decode: (bytes: Buffer) => Row;
  readonly hashedOwner: (row: Row) => PackedOwner | null;
}

/** What is wanted of the owners; absent members want everything. */
interface WantedOwners {
  readonly services: ReadonlySet<string> | undefined;
  readonly keys: ReadonlySet<string> | undefined;
  readonly scopes: ReadonlySet<string> | undefined;
}

/** The rows of the owners that `scope`, `service_name` and `service_key` of the filter want. */
export function* scanOwned<Row>(
  snapshot: Snapshot,
  { table, decode, hashedOwner }: OwnedTable<Row>,
  { values }: ScanFilter,
): Generator<OwnedRow<Row>> {
  const wanted: WantedOwners = {
    services: values.get('service_name'),
    keys: values.get('service_key'),
    scopes: values.get('scope'),
  };
  for (const [partition, range] of rangesOf(snapshot, table, wanted)) {
    for (const [keyBytes, value] of snapshot.range(partition, range)) {
      const row = decode(value);
      const key = new KeyReader(keyBytes);
      const owner = key.owner(hashedOwner(row));
      if (admits(wanted.services, owner.service) && admits(wanted.keys, owner.key)) {
        yield { owner, key, row };
      }
    }
  }
}

function* rangesOf(
  snapshot: Snapshot,
  table: Table,
  { services, keys, scopes }: WantedOwners,
): Generator<readonly [PartitionNumber, KeyRange]> {
  if (scopes !== undefined) {
    for (const scope of scopes) {
      const partition = partitionOfKey(keyedPartitionKey(scope), snapshot.partitionsCount);
      yield [partition, new KeyWriter(partition, table).start().scoped().text(scope).finishRange()];
    }
  } else if (services === undefined) {
    for (const partition of snapshot.partitions()) {
      yield [partition, new KeyWriter(partition, table).start().finishRange()];
    }
  } else {
    yield* rangesOfServices(snapshot, table, services, keys);
    for (const partition of snapshot.partitions()) {
      yield [partition, new KeyWriter(partition, table).start().scoped().finishRange()];
    }
  }
}

/** Of owners in no scope. */
function* rangesOfServices(
  snapshot: Snapshot,
  table: Table,
  services: ReadonlySet<string>,
  keys: ReadonlySet<string> | undefined,
): Generator<readonly [PartitionNumber, KeyRange]> {
  for (const service of services) {
    if (keys === undefined) {
      for (const partition of snapshot.partitions()) {
        yield [partition, new KeyWriter(partition, table).start().text(service).finishRange()];
      }
      continue;
    }
    for (const key of keys) {
      const partition = partitionOfKey(keyedPartitionKey(key), snapshot.partitionsCount);
      const writer = new KeyWriter(partition, table).start().owner({ service, key });
      yield [partition, writer.finishRange()];
    }
  }
}
