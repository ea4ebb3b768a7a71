// Deployments as the admin API shows them. Keys in the order of the reference.
import { formatRfc3339Nanos } from '../../actors/domain/duration.ts';
import type { Deployment, HandlerDefaults } from '../../actors/domain/schema.ts';
import type { Shown } from './components.ts';
import type {
  deploymentResponse,
  detailedDeploymentResponse,
  registerDeploymentResponse,
} from './deployment-schemas.ts';
import { serviceView, unlessEmpty } from './service-view.ts';

/** One of a list: of its services only the names and revisions. */
export function deploymentListView(deployment: Deployment): Shown<typeof deploymentResponse> {
  const services = [...deployment.services.values()];
  return {
    ...deploymentFields(deployment),
    services: services.map(({ name, revision }) => ({ name, revision })),
  };
}

export function deploymentView(
  deployment: Deployment,
  defaults: HandlerDefaults,
): Shown<typeof detailedDeploymentResponse> {
  return { ...deploymentFields(deployment), services: servicesView(deployment, defaults) };
}

/** The answer to a registration. */
export function registrationView(
  deployment: Deployment,
  defaults: HandlerDefaults,
): Shown<typeof registerDeploymentResponse> {
  return {
    id: deployment.id,
    services: servicesView(deployment, defaults),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    sdk_version: deployment.sdkVersion,
  };
}

function deploymentFields(deployment: Deployment) {
  return {
    id: deployment.id,
    ...endpointFields(deployment),
    additional_headers: unlessEmpty(deployment.additionalHeaders),
    metadata: unlessEmpty(deployment.metadata),
    created_at: formatRfc3339Nanos(deployment.createdAtMs),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    sdk_version: deployment.sdkVersion,
  };
}

function endpointFields({ endpoint, protocolMode }: Deployment) {
  if (endpoint.kind === 'http') {
    const { uri, httpVersion } = endpoint;
    return { uri, protocol_type: protocolMode, http_version: httpVersion };
  }
  const { arn, assumeRoleArn, compression } = endpoint;
  return {
    arn,
    assume_role_arn: assumeRoleArn,
    compression: compression === 'zstd' ? ('Zstd' as const) : undefined,
  };
}

function servicesView(deployment: Deployment, defaults: HandlerDefaults) {
  const revisions = [...deployment.services.values()];
  return revisions.map((revision) => serviceView(revision, deployment, defaults));
}
