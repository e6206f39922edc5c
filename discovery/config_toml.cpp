// Reads the servers of a TOML configuration file.
#include <headrace/discovery/config_document.hpp>
#include <headrace/discovery/toml_depth.hpp>
#include <headrace/discovery/toml_text.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

// Header only, so that nothing has to be there when the program runs.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// It asserts, and with NDEBUG assumes, that bad input cannot be, right before it handles it.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <simdjson.h>
#include <toml++/toml.h>

namespace headrace::discovery {
namespace {

// Each value costs the parser some hundred bytes; 1 MiB is thousands of servers.
constexpr std::size_t kMaxTomlSize = 1024 * 1024;

std::size_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

std::string spelling(const toml::node& node) {
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  char digits[64];
  const auto* number = node.as_floating_point();
  const auto end = std::to_chars(digits, digits + sizeof digits, number->get()).ptr;
  std::string result(digits, end);
  // A version such as 1.0 stays one.
  if (result.find_first_not_of("-0123456789") == std::string::npos) result += ".0";
  return result;
}

// A table's own order is alphabetical; users expect the file's.
template <typename F>
void in_file_order(const toml::table& table, F&& visit) {
  std::vector<std::pair<std::string_view, const toml::node*>> nodes;
  for (auto&& [key, node] : table)
    nodes.emplace_back(key.str(), &node);
  std::stable_sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
    const toml::source_position& x = a.second->source().begin;
    const toml::source_position& y = b.second->source().begin;
    return x.line != y.line ? x.line < y.line : x.column < y.column;
  });
  for (const auto& [key, node] : nodes)
    visit(key, *node);
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, Faults& faults, bool own)
      : text_(text), file_(file), faults_(faults), own_(own) {}

  ConfigDocument read() {
    if (text_.size() > kMaxTomlSize) {
      return refuse(0, "larger than the 1 MiB that is read of a TOML file: use JSON, or split it");
    }
    if (!simdjson::validate_utf8(text_.data(), text_.size())) {
      return refuse(0, "not valid TOML: it is not UTF-8");
    }
    if (const auto line = find_deep_toml(text_)) {
      return refuse(*line, "more than " + std::to_string(kMaxTomlDots) +
                               " dots here: no server is nested so deep");
    }
    ascii_ = AsciiToml::spell(text_);
    if (!ascii_) return refuse(0, "too many kinds of numeric escapes: write plain characters");
    const toml::parse_result parsed = toml::parse(ascii_->text());
    if (!parsed) {
      const toml::parse_error& error = parsed.error();
      std::string message = "not valid TOML: " + ascii_->original(error.description());
      if (ascii_->text().size() != text_.size()) {
        message += " (a key that is not ASCII belongs into quotes)";
      }
      return refuse(error.source().begin.line, std::move(message));
    }
    in_file_order(parsed.table(), [this](std::string_view key, const toml::node& node) {
      if (is_server_section(key)) {
        section(key, node);
      } else if (key == kOuterSection && node.is_table()) {
        if (const toml::node* inner = node.as_table()->get(kInnerSection)) {
          section("mcp.servers", *inner);
        }
      } else if (key == "description" && node.is_string()) {
        document_.description = ascii_->original(node.as_string()->get());
      }
    });
    if (!found_section_ && own_) {
      report(Severity::error, 0, "no servers in it: each belongs into a table [mcp_servers.NAME]");
    }
    return std::move(document_);
  }

 private:
  void section(std::string_view name, const toml::node& node) {
    found_section_ = true;
    if (!node.is_table()) {
      report(Severity::error, line_of(node), ticked(name) + " is not a table of servers by name");
      return;
    }
    in_file_order(*node.as_table(), [this](std::string_view key, const toml::node& entry) {
      document_.entries.push_back({ascii_->original(key), convert(entry)});
    });
  }

  // Recursion is as deep as toml++ lets a text be.
  ConfigValue convert(const toml::node& node) {
    ConfigValue result;
    result.line = line_of(node);
    if (const toml::table* table = node.as_table()) {
      result.kind = ConfigValue::Kind::object;
      in_file_order(*table, [&](std::string_view key, const toml::node& value) {
        result.members.push_back({ascii_->original(key), convert(value)});
      });
    } else if (const toml::array* array = node.as_array()) {
      result.kind = ConfigValue::Kind::array;
      for (const toml::node& item : *array)
        result.items.push_back(convert(item));
    } else if (node.is_string()) {
      result.kind = ConfigValue::Kind::string;
      result.text = ascii_->original(node.as_string()->get());
    } else if (node.is_boolean() || node.is_number()) {
      result.kind = node.is_boolean() ? ConfigValue::Kind::boolean : ConfigValue::Kind::number;
      result.text = spelling(node);
    } else {
      result.kind = ConfigValue::Kind::other;
    }
    return result;
  }

  ConfigDocument refuse(std::size_t line, std::string message) {
    report(Severity::error, line, std::move(message));
    ConfigDocument nothing;
    nothing.readable = false;
    return nothing;
  }

  void report(Severity severity, std::size_t line, std::string message) {
    faults_.push_back({severity, file_, line, {}, std::move(message)});
  }

  std::string_view text_;
  std::optional<AsciiToml> ascii_;
  const std::string& file_;
  Faults& faults_;
  bool own_;
  ConfigDocument document_;
  bool found_section_ = false;
};

}  // namespace

ConfigDocument read_toml_config(std::string_view text, const std::string& file, Faults& faults,
                                const Dialect& dialect, std::string_view) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Reader(text, file, faults, dialect.own).read();
}

}  // namespace headrace::discovery
