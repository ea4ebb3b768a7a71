// A process of its own, since it has to trust the certificates of the test: calls the service of
// `ingress-samples` with the official client. Environment: INGRESS_URL, TOKEN.
import * as clients from '@restatedev/restate-sdk-clients';
import type { echo } from './ingress-samples.ts';

const ECHO: typeof echo = { name: 'Echo' };

const ingress = clients.connect({
  url: process.env['INGRESS_URL'] ?? '',
  headers: { authorization: `Bearer ${process.env['TOKEN']}` },
});
try {
  const answer = await ingress.serviceClient(ECHO).echo({ greeting: 'hello' });
  console.log(JSON.stringify(answer));
} catch (error) {
  console.log(error instanceof clients.HttpCallError ? error.status : String(error));
}
