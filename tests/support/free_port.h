// A port for a server that a test may stop and start again.
#pragma once

namespace fermata::test {

// One of 127.0.0.1 that nobody listens on, below those that the system gives to outgoing connections: so nobody gets it while
// the server is being restarted. Thread-safe.
int FreePort();

}  // namespace fermata::test
