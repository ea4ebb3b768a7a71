import { HttpClient } from '../../test/support/http.ts';

/** Registers a deployment in place of whatever had its services before. */
export async function register(adminUrl: string, uri: string): Promise<void> {
  const admin = new HttpClient(adminUrl);
  const reply = await admin.post('/deployments', { uri, force: true });
  admin.close();
  if (reply.status >= 300)
    throw new Error(`registration of ${uri}: ${reply.status} ${reply.text()}`);
}
