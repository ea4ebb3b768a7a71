import type { Brand } from './brand.ts';

/** Names one version, alias or `$LATEST` of a function: `arn:aws:lambda:eu-central-1:123456789012:function:greeter:7`. */
export type LambdaArn = Brand<string, 'LambdaArn'>;

export type LambdaArnResult =
  | { readonly kind: 'arn'; readonly arn: LambdaArn }
  /** `reason` is a sentence without its full stop. */
  | { readonly kind: 'invalid'; readonly reason: string };

const COMPONENTS_COUNT = 8;

/** The region becomes part of a host name, hence nothing but what a host name's label may hold. */
const PATTERNS: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['begins with `arn`', /^arn$/],
  ['names a partition', /^[a-z][a-z0-9-]*$/],
  ['names the service `lambda`', /^lambda$/],
  ['names a region', /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/],
  ['has a number as account id', /^[0-9]+$/],
  ['names a resource of the type `function`', /^function$/],
  ['names a function', /^[a-zA-Z0-9_-]+$/],
  ['ends with a version or an alias', /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+)$/],
];

export function parseLambdaArn(text: string): LambdaArnResult {
  const components = text.split(':');
  const isUnqualified = components.length === COMPONENTS_COUNT && components.at(-1) === '';
  if (isUnqualified || components.length === COMPONENTS_COUNT - 1) return invalid(UNQUALIFIED);
  if (components.length !== COMPONENTS_COUNT) return invalid(MALFORMED);
  const broken = PATTERNS.find(([, pattern], index) => !pattern.test(components[index] ?? ''));
  if (broken !== undefined) return invalid(`The ARN of a Lambda function ${broken[0]}`);
  return { kind: 'arn', arn: text as LambdaArn };
}

/** The region that the function runs in. */
export function regionOf(arn: LambdaArn): string {
  return arn.split(':')[3] ?? '';
}

// Texts of the reference, which its clients know.
const MALFORMED = 'A qualified ARN must have 8 components delimited by `:`';
const UNQUALIFIED =
  "A qualified ARN needs a version or alias suffix. If you want to use the unpublished version, provide $LATEST and make sure your shell doesn't treat it as a variable";

function invalid(reason: string): LambdaArnResult {
  return { kind: 'invalid', reason };
}
