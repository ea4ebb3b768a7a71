// Whether a handler takes a body with a content type. The body itself is never parsed here.
import type { InputRule } from '../../actors/domain/schema.ts';
import { refusals } from './errors.ts';

/** Throws, with the reason of the last rule, unless one of the rules admits the input. */
export function checkInput(
  rules: readonly InputRule[],
  contentType: string | undefined,
  isEmpty: boolean,
): void {
  let reason = 'Bad configuration of the input validation rules';
  for (const rule of rules) {
    const objection = objectToInput(rule, contentType, isEmpty);
    if (objection === undefined) return;
    reason = objection;
  }
  throw refusals.invalidInput(reason);
}

function objectToInput(
  rule: InputRule,
  contentType: string | undefined,
  isEmpty: boolean,
): string | undefined {
  if (rule.kind === 'noBodyAndNoContentType') {
    if (isEmpty && contentType === undefined) return undefined;
    const found = contentType === undefined ? 'None' : `Some(${JSON.stringify(contentType)})`;
    return `Expected body and content-type to be empty, but wasn't with content-type '${found}'`;
  }
  if (rule.kind === 'contentTypeAndBody' && isEmpty) return 'Empty body not allowed';
  if (contentType === undefined) return 'Empty content-type';
  if (matchesContentType(contentType, rule.contentType)) return undefined;
  return `Content-type '${contentType}' does not match '${rule.contentType}'`;
}

/** Parameters are left out, case counts, and `*` stands for any type or subtype. */
function matchesContentType(found: string, wanted: string): boolean {
  if (found === wanted || wanted === '*/*') return true;
  const parametersAt = found.indexOf(';');
  const essence = (parametersAt < 0 ? found : found.slice(0, parametersAt)).trim();
  const foundSlash = essence.indexOf('/');
  const wantedSlash = wanted.indexOf('/');
  if (foundSlash < 0 || wantedSlash < 0) return false;
  return (
    matchesPart(essence.slice(0, foundSlash), wanted.slice(0, wantedSlash)) &&
    matchesPart(essence.slice(foundSlash + 1), wanted.slice(wantedSlash + 1))
  );
}

function matchesPart(found: string, wanted: string): boolean {
  return wanted === '*' || wanted === found;
}
