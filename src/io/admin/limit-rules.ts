// Routes below /limits/rules: how many invocations of a scope run at once.
import { z } from 'zod';
import {
  type LimitRule,
  parsePattern,
  type RuleChange,
  type RulePrecondition,
  type RuleRefusal,
  type RuleRemoval,
  RULES_COUNT_MAX,
} from '../../actors/domain/rule-book.ts';
import { AdminError } from './admin-error.ts';
import { component, type Shown } from './components.ts';
import type { AdminContext } from './context.ts';
import { operation } from './operation.ts';
import { route, type Route } from './route.ts';

const U32_MAX = 2 ** 32 - 1;

const pattern = z.string().transform((text, context): string => {
  const parsed = parsePattern(text);
  if (parsed.ok) return parsed.pattern;
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
});

const version = component('Version', z.int().min(0).max(U32_MAX));

const limits = component(
  'UserLimits',
  z.object({ concurrency: z.int().min(1).max(U32_MAX).nullish() }),
);

const precondition = component(
  'Precondition',
  z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('none') }),
      z.object({ type: z.literal('does_not_exist') }),
      z.object({ type: z.literal('matches'), version }),
    ])
    .transform((form): RulePrecondition => {
      if (form.type === 'matches') return { kind: 'matches', version: form.version };
      return { kind: form.type === 'none' ? 'none' : 'doesNotExist' };
    }),
);

const changeForm = component(
  'UpsertRuleRequest',
  z.object({
    pattern,
    limits: limits.optional(),
    description: z.string().nullish(),
    disabled: z.boolean().default(false),
    precondition: precondition.optional(),
  }),
);

const removalForm = component(
  'DeleteRuleRequest',
  z.object({ pattern, expected_version: version.nullish() }),
);

const ruleResponse = component(
  'RuleResponse',
  z.object({
    pattern: z.string(),
    limits,
    description: z.string().nullish(),
    disabled: z.boolean(),
    version: z.int().min(0),
    last_modified_millis_since_epoch: z.int().min(0),
  }),
);

export function limitRuleRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/limits/rules', { PUT: putRules(context) }),
    route('/limits/rules/bulk-delete', { POST: deleteRules(context) }),
  ];
}

function putRules({ schema }: AdminContext) {
  return operation({
    info: { id: 'upsert_rules', tag: 'rule', summary: 'Make or replace rules, all or none' },
    takes: z.object({ body: z.array(changeForm) }),
    responses: { 200: { description: 'The rules as they are now', body: z.array(ruleResponse) } },
    refusals: [409],
    async handle({ body }) {
      const result = await schema.changeRules(body.map(changeOf));
      if (result.kind !== 'changed') throw ruleError(result);
      return { status: 200, body: result.rules.map(ruleView) };
    },
  });
}

function deleteRules({ schema }: AdminContext) {
  return operation({
    info: { id: 'bulk_delete_rules', tag: 'rule', summary: 'Remove rules, all or none' },
    takes: z.object({ body: z.array(removalForm) }),
    responses: {
      200: { description: 'The patterns of the rules that were there', body: z.array(z.string()) },
    },
    refusals: [409],
    async handle({ body }) {
      const result = await schema.removeRules(body.map(removalOf));
      if (result.kind !== 'removed') throw ruleError(result);
      return { status: 200, body: result.patterns };
    },
  });
}

function changeOf(form: z.output<typeof changeForm>): RuleChange {
  return {
    pattern: form.pattern,
    concurrency: form.limits?.concurrency ?? undefined,
    description: form.description ?? undefined,
    disabled: form.disabled,
    precondition: form.precondition ?? { kind: 'none' },
  };
}

function removalOf(form: z.output<typeof removalForm>): RuleRemoval {
  const expected = form.expected_version;
  return {
    pattern: form.pattern,
    precondition:
      typeof expected === 'number' ? { kind: 'matches', version: expected } : { kind: 'none' },
  };
}

/** Keys in the order of the reference. */
function ruleView(rule: LimitRule): Shown<typeof ruleResponse> {
  return {
    pattern: rule.pattern,
    limits: { concurrency: rule.concurrency },
    description: rule.description,
    disabled: rule.disabled,
    version: rule.version,
    last_modified_millis_since_epoch: rule.modifiedAtMs,
  };
}

/** Source: seen on the reference 1.7.12. */
function ruleError(refusal: RuleRefusal): AdminError {
  if (refusal.kind === 'bookFull') {
    return new AdminError('unsupported', `rule book is full (${RULES_COUNT_MAX} rules)`);
  }
  const { pattern: name, precondition: expected, actualVersion } = refusal;
  const wanted = expected.kind === 'matches' ? `Matches(v${expected.version})` : 'DoesNotExist';
  const actual = actualVersion === undefined ? 'None' : `Some(v${actualVersion})`;
  return new AdminError(
    'conflict',
    `rule precondition ${wanted} for pattern ${name} failed (actual version: ${actual})`,
  );
}
