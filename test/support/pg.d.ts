// As much of the types of `pg` as the tests use: the package brings none.
declare module 'pg' {
  import type { EventEmitter } from 'node:events';
  import type { ConnectionOptions } from 'node:tls';

  export interface QueryConfig {
    readonly text: string;
    readonly values?: readonly unknown[] | undefined;
    /** Prepares the statement once, under this name. */
    readonly name?: string | undefined;
    /** Asks for results in binary form. */
    readonly binary?: boolean | undefined;
    /** Rows that are asked for at once. */
    readonly rows?: number | undefined;
  }

  export interface QueryReply {
    readonly command: string;
    readonly rowCount: number | null;
    readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>;
    readonly fields: ReadonlyArray<{ readonly name: string; readonly dataTypeID: number }>;
  }

  export interface ClientConfig {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly application_name?: string | undefined;
    readonly password?: string | undefined;
    /** `true` takes any certificate that the system trusts. */
    readonly ssl?: ConnectionOptions | boolean | undefined;
  }

  class Client extends EventEmitter {
    readonly processID: number;
    readonly secretKey: number;
    constructor(config: ClientConfig);
    connect(): Promise<void>;
    query(text: string, values?: readonly unknown[]): Promise<QueryReply>;
    query(config: QueryConfig): Promise<QueryReply>;
    end(): Promise<void>;
  }

  const pg: { readonly Client: typeof Client };
  export default pg;
}
