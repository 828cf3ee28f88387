/* A stand-in for the vendor's library: the kit drives the plugin without the device. Never shipped;
 * make it answer as the real one does, refusals too. */
int acme_open_drawer(int timeout_ms);
int acme_open_drawer(int timeout_ms) { return timeout_ms > 0 ? 0 : -1; }
