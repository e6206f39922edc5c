# The fuzzers of the engine's sans-I/O heart. Only what they need is compiled: no coroutines.
headrace_fuzzed(engine
  SOURCES deadline_queue.cpp error.cpp logger.cpp peer_core.cpp write_queue.cpp mcp/call_flow.cpp
          mcp/client_context.cpp mcp/client_role.cpp mcp/handshake.cpp mcp/protocol.cpp
          mcp/question.cpp mcp/question_desk.cpp mcp/request.cpp mcp/server_messages.cpp
          mcp/server_offers.cpp mcp/server_role.cpp mcp/server_rounds.cpp mcp/subscriptions.cpp
  DEPENDS headrace::framing asio::asio simdjson::simdjson)

headrace_fuzz(fuzz_engine_peer_core LAYER engine SOURCES engine_peer_core.cpp
              DEPENDS headrace::framing asio::asio)

# The roles as state machines.
foreach(role server client)
  headrace_fuzz(fuzz_engine_${role}_role LAYER engine MAX_LEN 1024
                SOURCES engine_${role}_role.cpp
                DEPENDS headrace::framing asio::asio simdjson::simdjson
                        nlohmann_json::nlohmann_json)
endforeach()
