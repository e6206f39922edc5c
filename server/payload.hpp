// A report as data: the same payload as JSON and as TOON.
#pragma once

#include <headrace/server/render.hpp>

#include <string>

namespace headrace::server {

/// Which parts of the payload are written; compact leaves out what is obvious.
struct PayloadShape {
  bool status = true;
  bool zero_exit = true;
  bool summary = true;
  bool links = false;
};

/// A raw object. Empty fields are left out.
std::string payload_json(const RunReport& report, const PayloadShape& shape);
/// In a fence.
std::string payload_toon(const RunReport& report);

}  // namespace headrace::server
