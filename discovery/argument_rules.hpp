// What a tool's schema demands of the arguments of a call: mistakes are told before the call.
#pragma once

#include <headrace/discovery/tools_page.hpp>
#include <headrace/discovery/value_rule.hpp>
#include <headrace/framing/structural_index.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

struct ArgumentCheck {
  /// Empty when the arguments may be sent; else a sentence that begins with the tool's alias, such
  /// as `read(): …`, and names the nearest right name and the tool's parameters.
  std::string error;
  /// The arguments to send in place of those given, when a parameter was named by its Python alias
  /// (`from_` for `from`).
  std::optional<std::string> rewritten;
};

/// Prepared once a tool. It finds unknown and missing names and values of another type at the top
/// level; values inside are the server's affair. A plain value that refers to nothing outside.
///
/// A name that the schema neither lists nor forbids is taken for a mistake only if it nearly is one
/// that it lists and that is not given, or if one that it requires is missing. One that has a
/// default is not required, whatever the schema says: there are servers that list such.
class ArgumentRules {
 public:
  /// Of a tool of a catalogue: the alias is set.
  explicit ArgumentRules(const ToolDoc& tool);

  /// `arguments` is a JSON object with 64 readable bytes behind it, as any slice of a Frame has; or
  /// exactly `{}`. `index` is scratch. What is not well-formed is left to whoever reads it next.
  ArgumentCheck check(std::string_view arguments, framing::StructuralIndex& index) const;

 private:
  struct Parameter {
    std::string name;
    std::string alias;  // empty where another one has it
    ValueRule rule;
    bool required = false;
  };
  // A bit for each parameter.
  static constexpr std::size_t kWords = 16;
  using Marks = std::array<std::uint64_t, kWords>;
  struct Given;

  const Parameter* find(std::string_view name) const noexcept;
  const Parameter* find_alias(std::string_view name) const noexcept;
  bool is_right(std::string_view arguments, framing::StructuralIndex& index, bool& by_alias) const;
  bool has_required(const Marks& given) const noexcept;
  std::string explain(std::string_view arguments) const;
  std::string explain_names(const Given& given) const;
  static std::string_view called(const Parameter& parameter) noexcept;
  std::string with_parameters(std::string error) const;
  std::string rewrite(std::string_view arguments) const;

  std::string tool_;
  std::string signature_;
  std::vector<Parameter> parameters_;  // sorted by length and name
  Marks required_{};
  bool open_ = false;    // other names may be given
  bool closed_ = false;  // they may not
};

}  // namespace headrace::discovery
