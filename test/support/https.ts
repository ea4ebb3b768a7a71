// One request over HTTPS, on a connection of its own unless an agent says otherwise.
import type { IncomingHttpHeaders } from 'node:http';
import * as https from 'node:https';
import { AUTHORITY_CERTIFICATE } from './certificate.ts';

export interface SecureReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Trusts `AUTHORITY_CERTIFICATE`. GET without a body, else POST. */
export function requestSecurely(
  url: string,
  options: https.RequestOptions = {},
  body?: string,
): Promise<SecureReply> {
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const request = https.request(
      url,
      { method, ca: AUTHORITY_CERTIFICATE, agent: false, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
