// Routes below /limits/rules: how many invocations of a scope run at once.
import { z } from 'zod';
import {
  type LimitRule,
  parsePattern,
  type RuleChange,
  type RulePrecondition,
  type RuleRefusal,
  RULES_COUNT_MAX,
} from '../../actors/domain/rule-book.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { AdminError } from './admin-error.ts';
import type { AdminContext } from './context.ts';
import { expectFields, readJson } from './request-body.ts';
import { jsonResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';

const U32_MAX = 2 ** 32 - 1;

const pattern = z.string().transform((text, context): string => {
  const parsed = parsePattern(text);
  if (parsed.ok) return parsed.pattern;
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
});

const version = z.int().min(0).max(U32_MAX);

const precondition = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('none') }),
    z.object({ type: z.literal('does_not_exist') }),
    z.object({ type: z.literal('matches'), version }),
  ])
  .transform((form): RulePrecondition => {
    if (form.type === 'matches') return { kind: 'matches', version: form.version };
    return { kind: form.type === 'none' ? 'none' : 'doesNotExist' };
  });

const changeForms = z.array(
  z.object({
    pattern,
    limits: z.object({ concurrency: z.int().min(1).max(U32_MAX).nullish() }).default({}),
    description: z.string().nullish(),
    disabled: z.boolean().default(false),
    precondition: precondition.default({ kind: 'none' }),
  }),
);

const removalForms = z.array(z.object({ pattern, expected_version: version.nullish() }));

export function limitRuleRoutes(context: AdminContext): readonly Route[] {
  return [
    route('/limits/rules', { PUT: (request) => putRules(context, request) }),
    route('/limits/rules/bulk-delete', { POST: (request) => deleteRules(context, request) }),
  ];
}

async function putRules({ schema }: AdminContext, request: AdminRequest): Promise<HttpResponse> {
  const forms = expectFields(changeForms, await readJson(request.http));
  const result = await schema.changeRules(forms.map(changeOf));
  if (result.kind !== 'changed') throw refusalError(result);
  return jsonResponse(200, result.rules.map(ruleView));
}

function changeOf(form: z.output<typeof changeForms>[number]): RuleChange {
  return {
    pattern: form.pattern,
    concurrency: form.limits.concurrency ?? undefined,
    description: form.description ?? undefined,
    disabled: form.disabled,
    precondition: form.precondition,
  };
}

async function deleteRules({ schema }: AdminContext, request: AdminRequest): Promise<HttpResponse> {
  const forms = expectFields(removalForms, await readJson(request.http));
  const result = await schema.removeRules(
    forms.map(({ pattern: name, expected_version: expected }) => ({
      pattern: name,
      precondition:
        typeof expected === 'number' ? { kind: 'matches', version: expected } : { kind: 'none' },
    })),
  );
  if (result.kind !== 'removed') throw refusalError(result);
  return jsonResponse(200, result.patterns);
}

/** Keys in the order of the reference. */
function ruleView(rule: LimitRule): object {
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
function refusalError(refusal: RuleRefusal): AdminError {
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
