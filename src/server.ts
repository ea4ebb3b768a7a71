// Wiring of the main thread: storage, actors, listeners. No logic of its own.









