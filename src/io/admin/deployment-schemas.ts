// The forms of deployments that the admin API answers with.
import { z } from 'zod';
import { component, textMap, titled } from './components.ts';
import { deploymentId, revisionNumber, schemaInfo, serviceMetadata } from './service-schemas.ts';

const googleIdTokenAuth = component(
  'GoogleIdTokenAuth',
  z.object({
    audience: z.string().nullish(),
    impersonate_service_account: z.string().nullish(),
  }),
);

/** How the server proves to a deployment behind an identity-aware proxy who it is. */
export const httpAuth = component('HttpAuth', z.object({ GoogleIdToken: googleIdTokenAuth }));

const protocolType = component('ProtocolType', z.enum(['RequestResponse', 'BidiStream']));
const lambdaArn = component('LambdaARN', z.string());
const lambdaCompression = component('EndpointLambdaCompression', z.enum(['Zstd']));
const serviceNameAndRevision = component(
  'ServiceNameRevPair',
  z.object({ name: z.string(), revision: revisionNumber }),
);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/;

export const headerMap = component(
  'SerdeableHeaderHashMap',
  z.record(z.string().regex(HEADER_NAME), z.string().regex(HEADER_VALUE)),
);

const httpAddress = {
  uri: z.string(),
  protocol_type: protocolType,
  http_version: z.string(),
  auth: httpAuth.nullish(),
};

const lambdaAddress = {
  arn: lambdaArn,
  assume_role_arn: z.string().nullish(),
  compression: lambdaCompression.nullish(),
};

/** Both kinds of deployment, with their services in one of two degrees of detail. */
function deploymentForms<Service extends z.ZodType>(prefix: string, service: Service) {
  const common = {
    id: deploymentId,
    additional_headers: headerMap.optional(),
    metadata: textMap.optional(),
    created_at: z.string(),
    min_protocol_version: z.int(),
    max_protocol_version: z.int(),
    sdk_version: z.string().nullish(),
    services: z.array(service),
    info: z.array(schemaInfo).optional(),
  };
  return z.union([
    titled(`Http${prefix}`, z.object({ ...common, ...httpAddress })),
    titled(`Lambda${prefix}`, z.object({ ...common, ...lambdaAddress })),
  ]);
}

export const deploymentResponse = component(
  'DeploymentResponse',
  deploymentForms('DeploymentResponse', serviceNameAndRevision),
);

export const detailedDeploymentResponse = component(
  'DetailedDeploymentResponse',
  deploymentForms('DetailedDeploymentResponse', serviceMetadata),
);

export const listDeploymentsResponse = component(
  'ListDeploymentsResponse',
  z.object({ deployments: z.array(deploymentResponse) }),
);

export const registerDeploymentResponse = component(
  'RegisterDeploymentResponse',
  z.object({
    id: deploymentId,
    services: z.array(serviceMetadata),
    min_protocol_version: z.int().optional(),
    max_protocol_version: z.int().optional(),
    sdk_version: z.string().nullish(),
    info: z.array(schemaInfo).optional(),
  }),
);
