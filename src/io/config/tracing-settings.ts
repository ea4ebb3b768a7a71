// How traces of invocations are exported. Plain data for the threads.
import type { ServerConfig } from './complete-config.ts';
import { PRODUCT_VERSION } from './product-version.ts';
import { parseOtlpEndpoint } from './tracing-options.ts';

type TracingConfig = Pick<
  ServerConfig,
  'tracingEndpoint' | 'tracingServicesEndpoint' | 'tracingHeaders' | 'clusterName' | 'nodeName'
>;

/** `undefined` without an endpoint: tracing is off. */
export function tracingSettingsOf(config: TracingConfig) {
  const { tracingEndpoint, tracingServicesEndpoint, tracingHeaders = {} } = config;
  const endpoint = parseOtlpEndpoint(tracingServicesEndpoint ?? tracingEndpoint ?? '');
  if (endpoint === undefined) return undefined;
  return {
    ...endpoint,
    headers: tracingHeaders,
    instanceId: `${config.clusterName}/${config.nodeName}`,
    productVersion: PRODUCT_VERSION,
  };
}
