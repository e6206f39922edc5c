# The fuzzer of the engine's sans-I/O heart. Only what it needs is compiled: no coroutines.
set(engine "${PROJECT_SOURCE_DIR}/engine")
headrace_fuzz(fuzz_engine_peer_core
  SOURCES engine_peer_core.cpp "${engine}/deadline_queue.cpp" "${engine}/error.cpp"
          "${engine}/peer_core.cpp" "${engine}/write_queue.cpp"
  DEPENDS headrace::framing asio::asio)
