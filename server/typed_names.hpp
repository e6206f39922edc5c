// Servers and tools by the names that people type.
#pragma once

#include <headrace/server/command_run.hpp>

#include <string>

namespace headrace::server {

/// The configured server of this name or alias; null after having said that there is none, and
/// which one may be meant.
const discovery::CatalogueServer* find_server(CommandRun& run, const std::string& name);

/// That there is no such tool, and which one may be meant.
void complain_of_tool(const discovery::CatalogueServer& server, const std::string& tool);

}  // namespace headrace::server
