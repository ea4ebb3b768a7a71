// Loaded into every thread of the server by `npm run profile` (NODE_OPTIONS=--import). SIGUSR2 starts the
// profilers of all threads, the next one stops them and has each write its file.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const folder = process.env['PROFILE_FOLDER'];
const session = new Session();
const channel = new BroadcastChannel('profile');
let isRunning = false;

async function toggle(): Promise<void> {
  if (isRunning) return stop();
  isRunning = true;
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
}

async function stop(): Promise<void> {
  isRunning = false;
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const name = isMainThread ? 'main' : `thread-${threadId}`;
  const path = join(folder ?? '.', `${name}.cpuprofile`);
  writeFileSync(`${path}.part`, JSON.stringify(profile));
  // Whoever waits for the file finds all of it.
  renameSync(`${path}.part`, path);
}

channel.onmessage = () => void toggle();
channel.unref();
if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('toggle');
    void toggle();
  });
}
