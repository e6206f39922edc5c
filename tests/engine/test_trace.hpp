// A trace of what tests send to servers, for tests/schema/validate.
#pragma once

#include <headrace/engine/trace.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

namespace headrace::engine::test {

/// Of this process, in the folder that HEADRACE_TEST_TRACE names; null without it.
inline const std::shared_ptr<Trace>& test_trace() {
  static const std::shared_ptr<Trace> trace = [] {
    const char* const folder = std::getenv("HEADRACE_TEST_TRACE");
    if (folder == nullptr) return std::shared_ptr<Trace>();
    // Those of earlier runs are of no interest any more.
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return Trace::open(folder, "test", {});
  }();
  return trace;
}

}  // namespace headrace::engine::test
