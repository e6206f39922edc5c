// What the writer writes, nlohmann and our own reader read back the same; and strings likewise.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/json_writer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "check.hpp"
#include "padded_copy.hpp"
#include "reference.hpp"

namespace {

using headrace::framing::append_quoted;
using headrace::framing::append_unescaped;
using headrace::framing::JsonWriter;
using nlohmann::ordered_json;

// Hands out the input piece by piece; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  unsigned byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string text(std::size_t size) {
    std::string out;
    while (out.size() < size && size_ != 0)
      out += static_cast<char>(byte());
    return out;
  }
  template <typename T>
  T number() {
    T value{};
    const std::string bytes = text(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// `text` with each byte that belongs to no UTF-8 sequence replaced; nlohmann says what is one.
std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = static_cast<unsigned char>(text.front()) < 0x80 ? 1 : 0;
    for (std::size_t n = 2; length == 0 && n <= 4 && n <= text.size(); ++n) {
      const std::string sequence(text.substr(0, n));
      if (nlohmann::json::accept("\"" + sequence + "\"")) length = n;
    }
    out += length == 0 ? "\xEF\xBF\xBD" : std::string(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void write_value(Input& input, JsonWriter& writer, ordered_json& model, std::size_t depth);

void write_object(Input& input, JsonWriter& writer, ordered_json& model, std::size_t depth) {
  writer.begin_object();
  model = ordered_json::object();
  for (unsigned left = input.byte() % 8; left != 0; --left) {
    // A key of its own for each member, since nlohmann keeps only one of equals.
    const std::string key = std::to_string(left) + input.text(input.byte() % 8);
    writer.key(key);
    write_value(input, writer, model[repaired(key)], depth + 1);
  }
  writer.end_object();
}

void write_array(Input& input, JsonWriter& writer, ordered_json& model, std::size_t depth) {
  writer.begin_array();
  model = ordered_json::array();
  for (unsigned left = input.byte() % 8; left != 0; --left) {
    ordered_json element;
    write_value(input, writer, element, depth + 1);
    model.push_back(std::move(element));
  }
  writer.end_array();
}

void write_value(Input& input, JsonWriter& writer, ordered_json& model, std::size_t depth) {
  switch (input.byte() % (depth > 20 ? 7 : 9)) {
    case 0:
      writer.null();
      break;
    case 1: {
      const bool truth = input.byte() % 2 == 0;
      writer.value(truth);
      model = truth;
      break;
    }
    case 2: {
      const auto number = input.number<std::int64_t>();
      writer.value(number);
      model = number;
      break;
    }
    case 3: {
      const auto number = input.number<std::uint64_t>();
      writer.value(number);
      model = number;
      break;
    }
    case 4: {
      const auto number = input.number<double>();
      writer.value(number);
      if (std::isfinite(number)) model = number;
      break;
    }
    case 5: {
      const std::string text = input.text(input.byte());
      writer.value(text);
      model = repaired(text);
      break;
    }
    case 6:
      writer.raw(R"({"raw":[1,"x"]})");
      model = ordered_json::parse(R"({"raw":[1,"x"]})");
      break;
    case 7:
      write_array(input, writer, model, depth);
      break;
    default:
      write_object(input, writer, model, depth);
      break;
  }
}

void check_document(Input input) {
  std::string text = R"({"id":1,"result":)";
  const std::size_t begin = text.size();
  ordered_json model;
  JsonWriter writer(text);
  write_value(input, writer, model, 0);
  const std::string document = text.substr(begin);
  text += '}';

  // A double that is whole is written like an integer, and is read back as one.
  const ordered_json read = ordered_json::parse(document);
  FUZZ_CHECK(read == model);
  FUZZ_CHECK(document.find('\n') == std::string::npos);

  headrace::framing::EnvelopeParser parser;
  const PaddedCopy copy(text, ' ');
  const headrace::framing::Envelope envelope = parser.parse(copy.text());
  FUZZ_CHECK(envelope.kind == headrace::framing::Kind::result);
  FUZZ_CHECK(envelope.body == document);
}

void check_string(const std::string& text) {
  std::string quoted;
  append_quoted(quoted, text);
  const auto read = nlohmann::json::parse(quoted);
  FUZZ_CHECK(read.get<std::string>() == repaired(text));
  std::string back = "x";
  FUZZ_CHECK(append_unescaped(back, quoted));
  FUZZ_CHECK(back == "x" + repaired(text));
}

// Reading a raw string that may be anything.
void check_reading(const std::string& inner) {
  if (repaired(inner) != inner) return;  // UTF-8 is not checked there
  const std::string raw = "\"" + inner + "\"";
  std::string out = "x";
  const bool sound = append_unescaped(out, raw);
  // nlohmann takes a NUL for the end of the text, but not inside a string.
  const auto expected = reference::decode(raw);
  FUZZ_CHECK(sound == expected.has_value());
  FUZZ_CHECK(out == "x" + expected.value_or(""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(static_cast<const char*>(static_cast<const void*>(data)), size);
  check_document(Input(data, size));
  check_string(text);
  check_reading(text);
  return 0;
}
