// Wiring of the main thread: storage, actors, listeners. No logic of its own.
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { HANDLER_DEFAULTS } from './actors/domain/limits.ts';
import type { HandlerDefaults } from './actors/domain/schema.ts';
import { unixMillis } from './actors/domain/time.ts';
import { Router } from './actors/router.ts';
import { SchemaActor } from './actors/schema-actor.ts';
import { Supervisor } from './actors/supervisor.ts';
