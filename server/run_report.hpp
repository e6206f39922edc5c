// From what became of a run to what is told of it.
#pragma once

#include <headrace/sandbox/archive.hpp>
#include <headrace/server/bridge.hpp>
#include <headrace/server/render.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace headrace::server {

/// How a run that has ended is reported. `servers` are those that were asked for; `archive` is that
/// of the session, null when there is none.
RunReport report_of(CodeResult result, const std::vector<std::string>& servers,
                    std::chrono::seconds timeout, std::string session = "default",
                    const sandbox::Archive* archive = nullptr);

/// Of a call that was refused before anything ran: `validation_error`.
RunReport rejected_report(std::string error);

}  // namespace headrace::server
