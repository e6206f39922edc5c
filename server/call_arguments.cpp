// The arguments of a tool as people write them on a command line.
#include <headrace/discovery/json_text.hpp>
#include <headrace/framing/json_writer.hpp>
#include <headrace/server/call_arguments.hpp>
#include <headrace/server/plain_text.hpp>

#include <set>

namespace headrace::server {
namespace {

using discovery::JsonType;

bool wants_string(std::string_view input_schema, std::string_view name) {
  const std::string_view property =
      discovery::json_member(discovery::json_member(input_schema, "properties"), name);
  return discovery::json_member(property, "type") == R"("string")";
}

}  // namespace

CallArguments arguments_from_json(std::string_view text) {
  text = discovery::json_trim(text);
  if (text.empty()) return {{}, "there are no arguments where a JSON object should be"};
  if (const auto flaw = discovery::find_json_flaw(text)) {
    return {{},
            "the arguments are not valid JSON: at byte " + std::to_string(flaw->offset + 1) + ", " +
                flaw->what};
  }
  if (discovery::json_type(text) != JsonType::object) {
    return {{}, "the arguments have to be a JSON object, such as {\"name\": \"value\"}"};
  }
  return {discovery::json_on_one_line(text), {}};
}

CallArguments arguments_from_words(std::span<const std::string> words,
                                   std::string_view input_schema) {
  if (words.size() == 1 && discovery::json_trim(words[0]).starts_with('{'))
    return arguments_from_json(words[0]);
  CallArguments arguments;
  framing::JsonWriter writer(arguments.json);
  writer.begin_object();
  std::set<std::string_view> named;
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos || sign == 0) {
      return {{},
              in_quotes(word) + " is neither name=value nor" +
                  (words.size() > 1 ? ", alone," : "") + " a JSON object"};
    }
    const std::string_view name = std::string_view(word).substr(0, sign);
    const std::string_view value = std::string_view(word).substr(sign + 1);
    if (!named.insert(name).second) return {{}, in_quotes(name) + " is given twice"};
    const std::string_view trimmed = discovery::json_trim(value);
    const bool may_be_json = !wants_string(input_schema, name) || trimmed.starts_with('"');
    if (may_be_json && !trimmed.empty() && !discovery::find_json_flaw(trimmed)) {
      writer.raw_member(name, discovery::json_on_one_line(trimmed));
    } else {
      writer.member(name, value);
    }
  }
  writer.end_object();
  return arguments;
}

}  // namespace headrace::server
