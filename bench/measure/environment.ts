import { availableParallelism, cpus, release } from 'node:os';
import { PRODUCT_VERSION } from '../../src/io/config/product-version.ts';

/** What figures depend on besides the code. */
export const ENVIRONMENT = {
  reprise: PRODUCT_VERSION,
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  kernel: release(),
} as const;
