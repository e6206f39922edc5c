// The parts that all schemas have.
#include <headrace/engine/mcp/schema.hpp>

#include <stdexcept>

namespace headrace::engine::mcp::detail {

using framing::JsonWriter;

void begin_schema(JsonWriter& writer, std::string_view type, const Notes& notes) {
  writer.begin_object();
  if (!type.empty()) writer.member("type", type);
  if (!notes.description.empty()) writer.member("description", notes.description);
  if (!notes.format.empty()) writer.member("format", notes.format);
}

void write_bounds(JsonWriter& writer, const Bounds& bounds, std::string_view least,
                  std::string_view most) {
  if (bounds.least) writer.member(least, *bounds.least);
  if (bounds.most) writer.member(most, *bounds.most);
}

void end_schema(JsonWriter& writer, std::string_view raw_default) {
  if (!raw_default.empty()) writer.raw_member("default", raw_default);
  writer.end_object();
}

void throw_not_finite() {
  throw std::domain_error(
      "a number of the result is infinite or not a number, which JSON can't say");
}

}  // namespace headrace::engine::mcp::detail
