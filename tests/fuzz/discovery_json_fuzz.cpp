// JSON in place agrees with nlohmann::json: on what is JSON, and on every member and element.
#include <headrace/discovery/json_text.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "check.hpp"

namespace {

using namespace headrace::discovery;
using nlohmann::json;

// Puts a value together again out of the slices that the walkers give.
json rebuilt(std::string_view value) {
  FUZZ_CHECK(value == json_trim(value));
  FUZZ_CHECK(!find_json_flaw(value));
  switch (json_type(value)) {
    case JsonType::object: {
      json object = json::object();
      JsonMembers members(value);
      std::string key;
      std::string_view member;
      while (members.next(key, member))
        object[key] = rebuilt(member);
      return object;
    }
    case JsonType::array: {
      json array = json::array();
      JsonElements elements(value);
      std::string_view element;
      while (elements.next(element))
        array.push_back(rebuilt(element));
      return array;
    }
    case JsonType::string:
      return json_string(value);
    default:
      return json::parse(value);
  }
}

// What nlohmann::json refuses though it is JSON: numbers too large for it, and lone surrogates.
bool is_its_limit(const json::exception& error) {
  return error.id == 406 || std::string_view(error.what()).find("surrogate") != std::string::npos;
}

// It takes a NUL for the end of the text, skips a byte order mark and has no limit on depth.
bool is_ours(const JsonFlaw& flaw, std::string_view text) {
  return flaw.what.find("nested") != std::string::npos || text.starts_with("\xEF\xBB\xBF") ||
         text.find('\0') != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto flaw = find_json_flaw(text);
  if (flaw) {
    FUZZ_CHECK(flaw->offset <= text.size());
    FUZZ_CHECK(!flaw->what.empty());
    FUZZ_CHECK(LineCounter(text).line_at(flaw->offset) >= 1);
    FUZZ_CHECK(!json::accept(text) || is_ours(*flaw, text));
    return 0;
  }
  FUZZ_CHECK(!find_json_flaw(text, JsonNumbers::non_finite_too));
  json expected;
  try {
    expected = json::parse(text);
  } catch (const json::exception& error) {
    FUZZ_CHECK(is_its_limit(error));
    return 0;
  }
  FUZZ_CHECK(rebuilt(json_trim(text)) == expected);
  return 0;
}
