// From simdjson's document to values, and back to text.
#include <headrace/engine/mcp/json_value.hpp>
#include <headrace/framing/json_writer.hpp>

#include <simdjson.h>

namespace headrace::engine::mcp {
namespace {

using framing::JsonWriter;
namespace dom = simdjson::dom;

// Recursion is bounded by the depth that simdjson reads: as deep as no person writes.
constexpr std::size_t most_depth = 256;

template <class T>
T taken(dom::element element) {
  T value{};
  return element.get(value) == simdjson::SUCCESS ? value : T{};
}

JsonValue convert(dom::element element) {
  JsonValue value;
  switch (element.type()) {
    case dom::element_type::BOOL:
      value.data = taken<bool>(element);
      break;
    case dom::element_type::INT64:
      value.data = taken<std::int64_t>(element);
      break;
    case dom::element_type::UINT64:
      value.data = taken<std::uint64_t>(element);
      break;
    case dom::element_type::DOUBLE:
      value.data = taken<double>(element);
      break;
    case dom::element_type::STRING:
      value.data = std::string(taken<std::string_view>(element));
      break;
    case dom::element_type::ARRAY: {
      JsonValue::Items items;
      for (const dom::element item : taken<dom::array>(element))
        items.push_back(convert(item));
      value.data = std::move(items);
      break;
    }
    case dom::element_type::OBJECT: {
      JsonValue::Members members;
      for (const dom::key_value_pair member : taken<dom::object>(element))
        members.emplace_back(std::string(member.key), convert(member.value));
      value.data = std::move(members);
      break;
    }
    default:
      break;
  }
  return value;
}

void write(JsonWriter& writer, const JsonValue& value);

struct Write {
  JsonWriter& writer;
  void operator()(std::nullptr_t) const { writer.null(); }
  void operator()(const JsonValue::Items& items) const {
    writer.begin_array();
    for (const JsonValue& item : items)
      write(writer, item);
    writer.end_array();
  }
  void operator()(const JsonValue::Members& members) const {
    writer.begin_object();
    for (const auto& [key, member] : members) {
      writer.key(key);
      write(writer, member);
    }
    writer.end_object();
  }
  template <class T>
  void operator()(const T& scalar) const {
    writer.value(scalar);
  }
};

void write(JsonWriter& writer, const JsonValue& value) {
  std::visit(Write{writer}, value.data);
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const noexcept {
  const Members* members = get<Members>();
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members)
    if (name == key) return &value;
  return nullptr;
}

std::string JsonValue::to_json() const {
  std::string json;
  JsonWriter writer(json);
  write(writer, *this);
  return json;
}

bool read_json(std::string_view text, JsonValue& value, std::string& why) {
  dom::parser parser;
  dom::element root;
  auto error = parser.allocate(text.size() + 1, most_depth);
  if (error == simdjson::SUCCESS && text.empty()) error = simdjson::EMPTY;
  if (error == simdjson::SUCCESS) error = parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) {
    why = simdjson::error_message(error);
    return false;
  }
  value = convert(root);
  return true;
}

}  // namespace headrace::engine::mcp
