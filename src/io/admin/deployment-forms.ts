// Bodies of the deployment routes. Each has a form for HTTP and one for Lambda; unknown fields are
// ignored, so that the first form whose fields have the right types counts.
import { z } from 'zod';
import { parseDeploymentUri, type DeploymentUri } from '../../actors/domain/deployment-uri.ts';
import { parseLambdaArn, type LambdaArn } from '../../actors/domain/lambda-arn.ts';
import { AdminError } from './admin-error.ts';
import { component, titled } from './components.ts';
import { headerMap, httpAuth } from './deployment-schemas.ts';

const uri = z.string().refine((text) => parseDeploymentUri(text).kind !== 'invalid');

const additionalHeaders = headerMap.transform(lowerCaseNames).nullish();

const metadata = z.record(z.string(), z.string()).default({});

const registerHttp = titled(
  'RegisterHttpDeploymentRequest',
  z.object({
    uri,
    additional_headers: additionalHeaders,
    metadata,
    use_http_11: z.boolean().default(false),
    breaking: z.boolean().default(false),
    force: z.boolean().nullish(),
    dry_run: z.boolean().default(false),
    auth: httpAuth.nullish(),
  }),
);

const registerLambda = titled(
  'RegisterLambdaDeploymentRequest',
  z.object({
    arn: z.string(),
    assume_role_arn: z.string().nullish(),
    additional_headers: additionalHeaders,
    metadata,
    breaking: z.boolean().default(false),
    force: z.boolean().nullish(),
    dry_run: z.boolean().default(false),
  }),
);

export const registerForm = component(
  'RegisterDeploymentRequest',
  z.union([registerHttp, registerLambda]),
);

export type RegisterForm = z.output<typeof registerForm>;

const updateHttp = titled(
  'UpdateHttpDeploymentRequest',
  z.object({
    uri: uri.nullish(),
    additional_headers: additionalHeaders,
    use_http_11: z.boolean().nullish(),
    overwrite: z.boolean().default(false),
    dry_run: z.boolean().default(false),
  }),
);

const updateLambda = titled(
  'UpdateLambdaDeploymentRequest',
  z
    .object({
      arn: z.string().nullish(),
      assume_role_arn: z.string().nullish(),
      additional_headers: additionalHeaders,
      overwrite: z.boolean().default(false),
      dry_run: z.boolean().default(false),
    })
    .refine((form) => typeof (form.arn ?? form.assume_role_arn) === 'string')
    .transform((form) => ({ ...form, isLambda: true as const })),
);

export const updateForm = component('UpdateDeploymentRequest', z.union([updateLambda, updateHttp]));

export type UpdateForm = z.output<typeof updateForm>;

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

export function invalidField(field: string, reason: string): AdminError {
  return new AdminError(
    'invalidField',
    `The request field '${field}' is invalid. Reason: ${reason}`,
  );
}

/** The parsed form of a `uri` field, which has to be absolute. */
export function readUri(text: string): DeploymentUri {
  const parsed = parseDeploymentUri(text);
  if (parsed.kind === 'absolute') return parsed.uri;
  const reason = `The provided uri ${text} is not absolute, only absolute URIs can be used.`;
  throw invalidField('uri', reason);
}

/** The parsed form of an `arn` field, which has to name one version of a function. */
export function readArn(text: string): LambdaArn {
  const parsed = parseLambdaArn(text);
  if (parsed.kind === 'arn') return parsed.arn;
  throw invalidField('arn', parsed.reason);
}
