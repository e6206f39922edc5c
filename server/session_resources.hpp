// What sessions hold, as resources that a client can list and read.
#pragma once

#include <headrace/engine/mcp/server_role.hpp>
#include <headrace/sandbox/archive.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/session_uri.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace headrace::server {

/// Bytes that are read at once: in base64 they are still less than the 10 MiB at which the read
/// buffers of some clients end.
inline constexpr std::size_t longest_read = std::size_t{7} << 20;

/// Files and what runs left, of all sessions of the bridge. Files of an interpreter that does not
/// answer within a second are left out of the list.
engine::mcp::ResourceProvider session_resources(std::shared_ptr<Bridge> bridge,
                                                engine::Executor executor);

/// An item of an archive, or the piece of it that the URI asks for. A character of a text belongs
/// to the piece in which it begins. Nothing when there is no such item.
std::optional<engine::mcp::ResourceContent> read_item(const sandbox::Archive& archive,
                                                      const SessionUri& uri);

}  // namespace headrace::server
