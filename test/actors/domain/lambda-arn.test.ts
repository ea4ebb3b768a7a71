import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLambdaArn, regionOf } from '../../../src/actors/domain/lambda-arn.ts';

const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:greeter';

describe('the ARN of a function', () => {
  const rows: readonly string[] = [
    `${FUNCTION}:7`,
    `${FUNCTION}:live`,
    `${FUNCTION}:$LATEST`,
    `${FUNCTION}:$LATEST.PUBLISHED`,
    'arn:aws-cn:lambda:cn-north-1:123456789012:function:a_b-C:1',
    'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:v-1_2',
  ];
  for (const text of rows) {
    test(`${text} is taken as it is`, () => {
      assert.deepEqual(parseLambdaArn(text), { kind: 'arn', arn: text });
    });
  }

  test('names a region', () => {
    const parsed = parseLambdaArn(`${FUNCTION}:7`);
    assert.ok(parsed.kind === 'arn');
    assert.equal(regionOf(parsed.arn), 'eu-central-1');
  });
});

describe('no ARN of a function is', () => {
  // Texts of the reference's documentation.
  const components = /^A qualified ARN must have 8 components delimited by `:`$/;
  const suffix =
    /^A qualified ARN needs a version or alias suffix\. If you want to use the unpublished version, provide \$LATEST and make sure your shell doesn't treat it as a variable$/;
  const rows: ReadonlyArray<readonly [text: string, reason: RegExp]> = [
    ['', components],
    ['junk', components],
    ['arn:aws:lambda', components],
    [`${FUNCTION}:7:8`, components],
    [FUNCTION, suffix],
    [`${FUNCTION}:`, suffix],
    ['urn:aws:lambda:eu-central-1:1:function:f:1', /`arn`/],
    ['arn::lambda:eu-central-1:1:function:f:1', /a partition/],
    ['arn:aws:s3:eu-central-1:1:function:f:1', /`lambda`/],
    ['arn:aws:lambda::1:function:f:1', /a region/],
    ['arn:aws:lambda:evil.example/:1:function:f:1', /a region/],
    ['arn:aws:lambda:eu-central-1::function:f:1', /account/],
    ['arn:aws:lambda:eu-central-1:1:layer:f:1', /`function`/],
    ['arn:aws:lambda:eu-central-1:1:function::1', /a function/],
    ['arn:aws:lambda:eu-central-1:1:function:f/../x:1', /a function/],
    [`${FUNCTION}:$latest`, /a version or an alias/],
    [`${FUNCTION}:7\n`, /a version or an alias/],
  ];
  for (const [text, reason] of rows) {
    test(JSON.stringify(text), () => {
      const parsed = parseLambdaArn(text);
      assert.ok(parsed.kind === 'invalid');
      assert.match(parsed.reason, reason);
    });
  }
});
