// What a browser finds here: one page that says where things are. The web UI of the reference is not
// part of this server; its addresses lead to the page.
import type { HttpResponse } from '../http/exchange.ts';
import type { AdminContext, AdminOptions } from './context.ts';
import { emptyResponse } from './respond.ts';
import { route, type AdminRequest, type Route } from './route.ts';
import { SERVER_COMPATIBILITY_VERSION } from './version.ts';

export function webPageRoutes({ options }: AdminContext): readonly Route[] {
  if (options.disableWebPage === true) return [];
  const page: HttpResponse = {
    status: 200,
    headers: [
      ['content-type', 'text/html; charset=utf-8'],
      ['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'"],
    ],
    body: renderPage(options),
  };
  return [
    route('/', { GET: redirectToPage }),
    route('/ui', { GET: redirectToPage }),
    route('/ui/', { GET: () => page }),
    route('/ui/{*path}', { GET: () => page }),
  ];
}

function redirectToPage({ http: { query } }: AdminRequest): HttpResponse {
  const location = query === undefined ? '/ui/' : `/ui/?${query}`;
  return emptyResponse(308, [['location', location]]);
}

const LINKS: ReadonlyArray<readonly [path: string, what: string]> = [
  ['/deployments', 'registered deployments'],
  ['/services', 'services and handlers'],
  ['/subscriptions', 'Kafka subscriptions'],
  ['/version', 'versions and features'],
  ['/openapi', 'this API as an OpenAPI document'],
];

function renderPage({ clusterName, ingressUrl }: AdminOptions): string {
  const links = LINKS.map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`);
  const ingress =
    ingressUrl === undefined ? '' : `<p>Ingress: <code>${escape(ingressUrl)}</code></p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Reprise</title>
<style>body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
<h1>Reprise</h1>
<p>Cluster <code>${escape(clusterName)}</code>, compatible with Restate ${SERVER_COMPATIBILITY_VERSION}. This is the admin API.</p>
${ingress}
<ul>${links.join('')}</ul>
<p>This server has no web UI. The <code>restate</code> command line shows and operates invocations.</p>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
