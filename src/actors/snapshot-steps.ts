// A partition thread's part in a snapshot. Thread: partition worker.
import type { SnapshotStep, SnapshotStepAnswer } from './messages.ts';
import type { HeldPin } from './snapshot-ports.ts';

export interface SnapshotStepsOptions {
  readonly host: {
    /** Stops applying commands, so that nothing is committed. */
    stop(): void;
    goOn(): void;
  };
  readonly storage: {
    /** Resolves once the tables have everything that was committed; rejects when they cannot have it. */
    settle(): Promise<void>;
    /** Pins the tables of one environment, whose number is given. */
    pin(environment: number): HeldPin;
  };
  readonly answer: (answer: SnapshotStepAnswer) => void;
}

export class SnapshotSteps {
  readonly #options: SnapshotStepsOptions;
  #pins: HeldPin[] = [];

  constructor(options: SnapshotStepsOptions) {
    this.#options = options;
  }

  receive({ stepId, step }: { readonly stepId: number; readonly step: SnapshotStep }): void {
    const answer = (result: SnapshotStepAnswer['result']): void =>
      this.#options.answer({ kind: 'snapshotStepDone', stepId, result });
    this.#perform(step).then(
      () => answer({ pins: this.#pins.map(({ pin }) => pin) }),
      (error: unknown) => answer(error instanceof Error ? error.message : String(error)),
    );
  }

  /** Lets LMDB use again what only the pinned states need. */
  release(): void {
    for (const held of this.#pins) held.release();
    this.#pins = [];
  }

  async #perform(step: SnapshotStep): Promise<void> {
    const { host, storage } = this.#options;
    switch (step.name) {
      case 'settle':
        return storage.settle();
      case 'stop':
        host.stop();
        return storage.settle();
      case 'pin':
        for (const environment of step.environments) this.#pins.push(storage.pin(environment));
        return;
      case 'goOn':
        return host.goOn();
      case 'release':
        return this.release();
    }
  }
}
