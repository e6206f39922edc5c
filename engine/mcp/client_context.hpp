// What a client has said about itself: once, in `initialize`, or with each request in its `_meta`.
#pragma once

#include <headrace/engine/logger.hpp>
#include <headrace/engine/mcp/protocol.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace headrace::engine::mcp {

struct ClientCapabilities {
  bool elicitation_form = false;
  bool elicitation_url = false;
  bool sampling = false;
  bool sampling_tools = false;
  bool roots = false;
  std::string raw = "{}";  ///< The object as it came.
};

struct ClientContext {
  Era era = Era::legacy;
  std::string protocol_version;  ///< Empty for a legacy client that has not said hello.
  Implementation implementation;
  ClientCapabilities capabilities;
  /// Modern era: from this level on, log messages may be sent for this request; none when absent.
  std::optional<LogLevel> log_level;
};

/// Reads a `ClientCapabilities`; what has the wrong type counts as not declared.
ClientCapabilities read_capabilities(std::string_view json);

/// From the params of `initialize`; the version is the one asked for. False when there is none.
bool read_initialize(std::string_view params, ClientContext& client);

/// What is wrong with a modern request, for its error.
struct MetaFault {
  std::int64_t code = 0;
  std::string message;
  std::string data;  ///< Raw JSON, empty for none.
};

/// Decides the era of one request. A `_meta` with any key of the modern era is a modern one, and
/// has to be complete (2026-07-28, basic/index, "Per-request protocol fields"): then `fault` says
/// what is wrong, else `client` is filled in. Untouched, with true, for a legacy request.
bool read_request_meta(std::string_view meta, ClientContext& client, MetaFault& fault);

}  // namespace headrace::engine::mcp
