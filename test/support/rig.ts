// A server under test, a service process registered with it, and clients for both of its ports.
import assert from 'node:assert/strict';
import { EffectLog } from './effects.ts';
import { HttpClient, type HttpReply } from './http.ts';
import { stringField } from './json.ts';
import { startServer, type ServerOptions, type TestServer } from './servers.ts';
import {
  startServiceProcess,
  type SdkPackage,
  type ServiceProcess,
  type ServiceProcessOptions,
} from './service-process.ts';

export interface RigOptions {
  /** Modules of `test/services`; none starts a server without a deployment. */
  readonly modules?: readonly string[] | undefined;
  readonly sdkPackage?: SdkPackage | undefined;
  readonly server?: ServerOptions | undefined;
}

export interface DeployOptions extends Omit<ServiceProcessOptions, 'effectsPath'> {
  /** Begins with a slash. Default: none. */
  readonly pathPrefix?: string | undefined;
  /** More members of the request that registers the deployment. */
  readonly registration?: Readonly<Record<string, unknown>> | undefined;
}

export class Rig {
  readonly server: TestServer;
  readonly ingress: HttpClient;
  readonly admin: HttpClient;
  readonly effects: EffectLog;
  readonly #services: ServiceProcess[] = [];

  private constructor(server: TestServer, effects: EffectLog) {
    this.server = server;
    this.effects = effects;
    this.ingress = new HttpClient(server.ingressUrl, 1024);
    this.admin = new HttpClient(server.adminUrl);
  }

  static async start({ modules = [], sdkPackage, server }: RigOptions): Promise<Rig> {
    const rig = new Rig(await startServer(server), new EffectLog());
    try {
      if (modules.length > 0) await rig.deploy({ modules, sdkPackage });
      return rig;
    } catch (error) {
      await rig.dispose();
      throw error;
    }
  }

  /** Starts one more service process and registers it; returns the deployment's id. */
  async deploy({ pathPrefix = '', registration, ...options }: DeployOptions): Promise<string> {
    const url = await this.serve(options);
    const reply = await this.register({ uri: url + pathPrefix, ...registration });
    assert.equal(reply.status, 201, reply.text());
    return stringField(reply.json(), 'id');
  }

  /** Starts one more service process; returns its URL. */
  async serve(options: Omit<ServiceProcessOptions, 'effectsPath'>): Promise<string> {
    const service = await startServiceProcess({ ...options, effectsPath: this.effects.path });
    this.#services.push(service);
    return service.url;
  }

  register(request: Readonly<Record<string, unknown>>): Promise<HttpReply> {
    return this.admin.post('/deployments', request);
  }

  openGate(name: string): void {
    for (const service of this.#services) service.openGate(name);
  }

  /** Kills the server without warning and starts it again on the same data. */
  async crash(whileDown?: () => void | Promise<void>): Promise<void> {
    await this.server.kill('SIGKILL');
    await whileDown?.();
    await this.server.restart();
  }

  async dispose(): Promise<void> {
    this.ingress.close();
    this.admin.close();
    await this.server.dispose();
    for (const service of this.#services) {
      if (process.env['REPRISE_TEST_LOGS'] === '1') console.error(service.output());
      await service.dispose();
    }
    this.effects.dispose();
  }
}
