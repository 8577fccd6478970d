"""One log of revisions behind one interface, and the cache that every read and watch is served from."""
