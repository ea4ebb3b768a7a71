// Which attempts may be connected. Thread: partition worker.
//   D1. At most `slotsPerDeployment` attempts of a deployment are connected or granted at once.
//   D2. Whoever waits is served in the order of arrival.
import type { DeploymentId, InvocationId } from './domain/ids.ts';
import { AttemptStatistics } from './domain/statistics.ts';

interface Line {
  taken: number;
  readonly waiting: Map<InvocationId, () => void>;
}

export class AttemptAdmission {
  readonly #slotsPerDeployment: number;
  readonly #statistics: AttemptStatistics;
  readonly #lines = new Map<DeploymentId, Line>();
  readonly #holders = new Map<InvocationId, DeploymentId>();

  constructor(slotsPerDeployment: number, statistics = new AttemptStatistics()) {
    this.#slotsPerDeployment = slotsPerDeployment;
    this.#statistics = statistics;
  }

  /** Takes a slot for the invocation, which keeps it if it holds one already. */
  tryEnter(deploymentId: DeploymentId, invocationId: InvocationId): boolean {
    const held = this.#holders.get(invocationId);
    if (held === deploymentId) return true;
    if (held !== undefined) this.leave(invocationId);
    const line = this.#line(deploymentId);
    if (line.taken >= this.#slotsPerDeployment) return false;
    this.#take(line, deploymentId, invocationId);
    return true;
  }

  /** Calls `granted` once a slot was taken for the invocation. */
  waitForSlot(deploymentId: DeploymentId, invocationId: InvocationId, granted: () => void): void {
    this.#line(deploymentId).waiting.set(invocationId, granted);
  }

  /** Gives back the slot, if the invocation holds one, to the next in line. */
  leave(invocationId: InvocationId): void {
    const deploymentId = this.#holders.get(invocationId);
    if (deploymentId === undefined) return;
    this.#holders.delete(invocationId);
    this.#statistics.slotsGivenBackCount += 1;
    const line = this.#line(deploymentId);
    line.taken -= 1;
    this.#serveNext(deploymentId, line);
  }

  /** Gives up waiting as well as the slot. */
  withdraw(invocationId: InvocationId): void {
    for (const { waiting } of this.#lines.values()) {
      if (waiting.size > 0) waiting.delete(invocationId);
    }
    this.leave(invocationId);
  }

  get waitingCount(): number {
    let count = 0;
    for (const { waiting } of this.#lines.values()) count += waiting.size;
    return count;
  }

  /** Deployments where somebody waits. */
  *crowdedDeployments(): Iterable<DeploymentId> {
    for (const [id, { waiting }] of this.#lines) if (waiting.size > 0) yield id;
  }

  #serveNext(deploymentId: DeploymentId, line: Line): void {
    const next = line.waiting.entries().next();
    if (next.done === true) return;
    const [invocationId, granted] = next.value;
    line.waiting.delete(invocationId);
    this.#take(line, deploymentId, invocationId);
    granted();
  }

  #take(line: Line, deploymentId: DeploymentId, invocationId: InvocationId): void {
    line.taken += 1;
    this.#statistics.slotsTakenCount += 1;
    this.#holders.set(invocationId, deploymentId);
  }

  #line(deploymentId: DeploymentId): Line {
    let line = this.#lines.get(deploymentId);
    if (line === undefined) {
      line = { taken: 0, waiting: new Map() };
      this.#lines.set(deploymentId, line);
    }
    return line;
  }
}
