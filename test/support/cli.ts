// The official command line client, run without a terminal and without anything of the developer's.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrackedChild } from './child.ts';

export interface CliResult {
  readonly exitCode: number | null;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** The binary itself: the package's script would start a Node for every command. */
const INSTALLED = fileURLToPath(
  new URL(
    `../../../.scratch/reference/node_modules/@restatedev/restate-${process.platform}-${process.arch}/bin/restate`,
    import.meta.url,
  ),
);

/** `RESTATE_CLI_BIN`, else what `npm run reference:install` installed; `undefined` without either. */
export function findCli(): string | undefined {
  const path = process.env['RESTATE_CLI_BIN'] ?? INSTALLED;
  return existsSync(path) ? path : undefined;
}

/** Runs commands against one server. */
export class Cli {
  readonly #binary: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'reprise-cli-'));
  readonly #environment: NodeJS.ProcessEnv;

  constructor(binary: string, { ingressUrl, adminUrl }: { ingressUrl: string; adminUrl: string }) {
    this.#binary = binary;
    const editor = join(this.#home, 'editor.sh');
    writeFileSync(editor, '#!/bin/sh\nexec sed -i "$EDIT" "$1"\n', { mode: 0o755 });
    this.#environment = {
      PATH: process.env['PATH'],
      HOME: this.#home,
      RESTATE_CLI_CONFIG_HOME: this.#home,
      RESTATE_ADMIN_URL: adminUrl,
      RESTATE_INGRESS_URL: ingressUrl,
      DO_NOT_TRACK: '1',
      RESTATE_DISABLE_TELEMETRY: '1',
      NO_COLOR: '1',
      EDITOR: editor,
    };
  }

  /** `edit` is what `sed` does to the text that the command opens in an editor. */
  async run(args: readonly string[], edit = ''): Promise<CliResult> {
    const child = new TrackedChild(
      spawn(this.#binary, ['--yes', ...args], {
        env: { ...this.#environment, EDIT: edit },
        cwd: this.#home,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    const timer = setTimeout(() => child.signal('SIGKILL'), 30_000);
    const { code } = await child.exited;
    clearTimeout(timer);
    return { exitCode: code, output: child.output };
  }

  dispose(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
