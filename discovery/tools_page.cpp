// Reads the result of one `tools/list` request.
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/tools_page.hpp>
#include <headrace/framing/json_writer.hpp>

#include <charconv>
#include <utility>

namespace headrace::discovery {
namespace {

// A server whose every tool is broken is not worth a line for each.
constexpr std::size_t kMaxFaults = 20;

bool requires_task(std::string_view execution) {
  if (execution.empty() || json_type(execution) != JsonType::object) return false;
  bool required = false;
  JsonMembers members(execution);
  std::string key;
  std::string_view value;
  while (members.next(key, value)) {
    if (key == "taskSupport") required = value == R"("required")";
  }
  return required;
}

class Reader {
 public:
  explicit Reader(std::string_view server) : server_(server) {}

  ToolsPage read(std::string_view text) {
    text = json_trim(text);
    if (const auto flaw = find_json_flaw(text, JsonNumbers::non_finite_too)) {
      page_.error = "its list of tools is not valid JSON: at byte " + std::to_string(flaw->offset) +
                    ", " + flaw->what;
      return std::move(page_);
    }
    if (json_type(text) != JsonType::object) {
      page_.error = "its list of tools is not an object";
      return std::move(page_);
    }
    bool listed = false;
    JsonMembers members(text);
    std::string key;
    std::string_view value;
    while (members.next(key, value)) {
      if (key == "tools" && json_type(value) == JsonType::array) {
        listed = true;
        read_tools(value);
      } else if (key == "nextCursor" && json_type(value) == JsonType::string) {
        page_.next_cursor = json_string(value);
      } else if (key == "ttlMs" && json_type(value) == JsonType::number) {
        read_ttl(value);
      }
    }
    if (!listed) page_.error = "its list of tools has no array `tools`";
    return std::move(page_);
  }

 private:
  void read_tools(std::string_view array) {
    JsonElements elements(array);
    std::string_view element;
    for (std::size_t position = 0; elements.next(element); ++position) {
      if (page_.tools.size() == kMaxTools) {
        report(Severity::warning, "it lists more than " + std::to_string(kMaxTools) +
                                      " tools: the others are left out");
        break;
      }
      read_tool(element, position);
    }
    if (left_out_ > kMaxFaults) {
      report(Severity::warning,
             std::to_string(left_out_ - kMaxFaults) + " more of its tools have such faults");
    }
  }

  void read_tool(std::string_view element, std::size_t position) {
    const auto nth = [position] { return "tool number " + std::to_string(position + 1); };
    if (json_type(element) != JsonType::object) {
      return tool_fault(nth() + " is not an object, and left out");
    }
    ToolDoc tool;
    bool named = false;
    bool described = true;
    JsonMembers members(element);
    while (members.next(key_, value_)) {
      const JsonType type = json_type(value_);
      if (type == JsonType::null) continue;
      if (key_ == "name") {
        named = type == JsonType::string;
        if (named) tool.name = json_string(value_);
      } else if (key_ == "title") {
        if (type == JsonType::string) tool.title = json_string(value_);
      } else if (key_ == "description") {
        described = type == JsonType::string;
        if (described) tool.description = json_string(value_);
      } else if (std::string* raw = raw_field(tool)) {
        // A schema goes into a frame that ends at its first newline.
        *raw = json_on_one_line(value_);
      } else {
        if (!tool.others.empty()) tool.others += ',';
        framing::append_quoted(tool.others, key_);
        tool.others += ':' + json_on_one_line(value_);
      }
    }
    tool.needs_task = requires_task(tool.execution);
    if (!named || tool.name.empty()) return tool_fault(nth() + " has no name, and is left out");
    if (!described) {
      tool_fault("the description of tool '" + tool.name + "' is not a string, and ignored");
    }
    page_.tools.push_back(std::move(tool));
  }

  std::string* raw_field(ToolDoc& tool) const {
    if (key_ == "inputSchema") return &tool.input_schema;
    if (key_ == "outputSchema") return &tool.output_schema;
    if (key_ == "annotations") return &tool.annotations;
    if (key_ == "execution") return &tool.execution;
    return nullptr;
  }

  void read_ttl(std::string_view number) {
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (fault == std::errc() && end == number.data() + number.size() && value >= 0) {
      page_.ttl_ms = value;
    }
  }

  void tool_fault(std::string message) {
    if (++left_out_ <= kMaxFaults) report(Severity::warning, std::move(message));
  }

  void report(Severity severity, std::string message) {
    page_.faults.push_back({severity, {}, 0, std::string(server_), std::move(message)});
  }

  std::string_view server_;
  ToolsPage page_;
  std::size_t left_out_ = 0;
  std::string key_;
  std::string_view value_;
};

}  // namespace

ToolsPage parse_tools_page(std::string_view result, std::string_view server) {
  return Reader(server).read(result);
}

}  // namespace headrace::discovery
