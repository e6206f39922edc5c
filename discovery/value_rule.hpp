// What a schema demands of one value, as far as its type and a list of choices go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// A plain value. It must not refuse what the server would take, so whatever in a schema it does
/// not understand allows anything. Neither does it refuse what widely used servers convert by
/// themselves: numbers and booleans in strings ("5", "true"), JSON in a string for an array or an
/// object, a boolean for a number, 0 and 1 for a boolean, a number for a string with a `format`
/// such as `date-time`.
class ValueRule {
 public:
  /// `schema` is a part of `root`; no flaw was found in it. `effort` is how many bytes may be
  /// looked through for this value and those that follow; where it does not last, anything is
  /// allowed.
  ValueRule(std::string_view root, std::string_view schema, std::size_t& effort);

  /// `value` is a JSON value without white space round it. It is looked at no further than a string
  /// goes: what is in arrays and objects is the server's affair.
  bool takes(std::string_view value) const {
    const unsigned types = type_bits(value);
    if (types_ == kAnyType || ((types_ & types) != 0 && (choices_.empty() || !is_text(types)))) {
      return true;
    }
    return takes_text_or_converted(value, types);
  }

  /// Of a value that it does not take: `has to be int, not str`.
  std::string complaint(std::string_view value) const;

 private:
  struct Allowed;
  class Reader;

  static constexpr unsigned kAnyType = 0x7f;
  static constexpr unsigned kString = 0x08;  // 1 << JsonType::string

  static unsigned type_bits(std::string_view value);
  static bool is_text(unsigned types) { return types == kString; }
  bool takes_text_or_converted(std::string_view value, unsigned types) const;
  bool is_choice(std::string_view value) const;
  std::string choice_complaint(std::string_view value) const;

  unsigned types_ = kAnyType;         // JsonType as bits, and one for numbers without a fraction
  bool formatted_ = false;            // its strings have a `format`
  std::vector<std::string> choices_;  // the only strings that it takes; empty: any
};

}  // namespace headrace::discovery
