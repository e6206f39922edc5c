# The fuzzer of the engine's sans-I/O heart. Only what it needs is compiled: no coroutines.
set(engine "${PROJECT_SOURCE_DIR}/engine")
set(peer "${engine}/deadline_queue.cpp" "${engine}/error.cpp" "${engine}/peer_core.cpp"
         "${engine}/write_queue.cpp")
headrace_fuzz(fuzz_engine_peer_core
  SOURCES engine_peer_core.cpp ${peer}
  DEPENDS headrace::framing asio::asio)

# The roles as state machines.
set(mcp "${engine}/mcp")
headrace_fuzz(fuzz_engine_server_role MAX_LEN 1024
  SOURCES engine_server_role.cpp ${peer} "${engine}/logger.cpp" "${mcp}/client_context.cpp"
          "${mcp}/protocol.cpp" "${mcp}/question.cpp" "${mcp}/request.cpp"
          "${mcp}/server_messages.cpp" "${mcp}/server_offers.cpp" "${mcp}/server_role.cpp"
          "${mcp}/server_rounds.cpp" "${mcp}/subscriptions.cpp"
  DEPENDS headrace::framing asio::asio simdjson::simdjson nlohmann_json::nlohmann_json)
headrace_fuzz(fuzz_engine_client_role MAX_LEN 1024
  SOURCES engine_client_role.cpp ${peer} "${mcp}/call_flow.cpp" "${mcp}/client_context.cpp"
          "${mcp}/client_role.cpp" "${mcp}/handshake.cpp" "${mcp}/protocol.cpp"
          "${mcp}/question.cpp" "${mcp}/question_desk.cpp" "${engine}/logger.cpp"
  DEPENDS headrace::framing asio::asio simdjson::simdjson nlohmann_json::nlohmann_json)
